import type { IdentifierRules } from '../engage/identifiers.ts'
import { type Activation, triggersWith } from '../model/activation.ts'
import type { SpaceSpec } from '../model/space.ts'
import type { LogicalType, Table } from '../model/table.ts'
import { eventTables, storageTable, traitColumn } from './activation-tables.ts'
import { computationsOf, type DeclaredComputation, findComputation } from './computations.ts'

/** What an activation takes for itself, and in which words. */
interface Claims {
  /** Things that only one activation can have, by a key: what they are. */
  exclusive: Map<string, string>
  /** Columns that all activations must agree on. */
  types: Map<string, { column: string; table: string; type: LogicalType }>
}

/** The activations that lose to an older one, with the words for it. All are of one space and destination, and valid. */
export function conflicts(
  space: SpaceSpec,
  activations: readonly Activation[],
  identifiers: IdentifierRules,
): Map<Activation, string> {
  const found = new Map<Activation, string>()
  const taken = new Map<string, string>()
  const types = new Map<string, { type: LogicalType; by: string }>()
  const computations = computationsOf(space)
  for (const activation of byAge(activations)) {
    const computation = findComputation(computations, activation.spec)
    if (!computation) continue
    const claims = claimsOf(activation, computation, identifiers)
    const message = firstConflict(claims, taken, types)
    if (message !== undefined) {
      found.set(activation, message)
      continue
    }
    const { name } = activation.metadata
    for (const key of claims.exclusive.keys()) taken.set(key, name)
    for (const [key, { type }] of claims.types) if (!types.has(key)) types.set(key, { type, by: name })
  }
  return found
}

function firstConflict(
  claims: Claims,
  taken: ReadonlyMap<string, string>,
  types: ReadonlyMap<string, { type: LogicalType; by: string }>,
): string | undefined {
  for (const [key, what] of claims.exclusive) {
    const by = taken.get(key)
    if (by !== undefined) return `${what} is already activated by the older Activation "${by}"`
  }
  for (const [key, { column, table, type }] of claims.types) {
    const other = types.get(key)
    if (other && other.type !== type) {
      return `column ${column} of table ${table} would be ${type}, but the older Activation "${other.by}" made it ${other.type}: use another name or type`
    }
  }
  return undefined
}

function claimsOf({ spec }: Activation, computation: DeclaredComputation, identifiers: IdentifierRules): Claims {
  const claims: Claims = { exclusive: new Map(), types: new Map() }
  // Schemas do not matter here: all activations are of one space and destination.
  const schemas = { classic: 'classic', storageActions: 'storage' }
  const addTypes = ({ schema, name, columns }: Pick<Table, 'schema' | 'name' | 'columns'>) => {
    for (const column of columns) {
      claims.types.set(`${schema}.${name}.${column.name}`, { column: column.name, table: name, type: column.type })
    }
  }
  if (spec.classic) {
    const trait = traitColumn(computation, identifiers)
    addTypes({ schema: schemas.classic, name: 'identifies', columns: [trait] })
    if (spec.classic.calls.includes('Identify')) {
      claims.exclusive.set(`identify ${computation.key}`, `"${computation.key}" through identify calls`)
    }
    for (const table of eventTables(spec.classic, computation, schemas, identifiers)) {
      addTypes(table)
      claims.exclusive.set(`track ${computation.key} ${table.name}`, `"${computation.key}" in table ${table.name}`)
    }
  }
  if (spec.storageActions) {
    const table = storageTable(spec.storageActions, computation, schemas, identifiers)
    addTypes(table)
    for (const trigger of spec.storageActions.triggers) {
      const [first, second] = triggersWith(trigger)
      // Two activations would write a call that counts as both under one id.
      const what = second ? `${first} or ${second} (calls that do not say which count as both)` : first
      claims.exclusive.set(
        `storage ${computation.key} ${table.name} ${first}`,
        `${what} of "${computation.key}" in table ${table.name}`,
      )
    }
  }
  return claims
}

/** Oldest first, then by name: who came first has the right. */
function byAge(activations: readonly Activation[]): Activation[] {
  const age = ({ metadata }: Activation) => `${metadata.creationTimestamp ?? '9999'} ${metadata.name}`
  return activations.toSorted((a, b) => (age(a) < age(b) ? -1 : 1))
}
