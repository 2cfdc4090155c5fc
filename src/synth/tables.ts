import { tableIdentifier } from '../engage/identifiers.ts'
import { type ActivationSpec, activationSpec, computationOf } from '../model/activation.ts'
import { formatPath, parseWith } from '../model/problems.ts'
import type { TableName } from '../model/table.ts'
import { WAREHOUSE_KINDS } from '../model/warehouse-block.ts'
import { eventTables, type SpaceSchemas } from '../plan/activation-tables.ts'
import { type DeclaredComputation, KINDS_OF } from '../plan/computations.ts'
import { IDENTIFIERS } from '../warehouses/identifiers.ts'

/**
 * The tables that the calls of an activation with this spec are known to land in. `warehouse` is the block of its
 * destination. Error where that or the spec is not valid.
 */
export function tablesOf(spec: object, schemas: SpaceSchemas, warehouse: string): TableName[] {
  const kind = WAREHOUSE_KINDS.find((name) => name === warehouse)
  if (!kind) throw new Error(`"${warehouse}" is no warehouse: write one of ${WAREHOUSE_KINDS.join(', ')}`)
  const parsed = parseWith(activationSpec, spec)
  if (!('value' in parsed)) {
    const [{ path, message }] = parsed.problems
    throw new Error(`${formatPath(['spec', ...path])}: ${message}`)
  }
  const { classic, storageActions } = parsed.value
  const identifiers = IDENTIFIERS[kind]
  if (storageActions) {
    return [{ schema: schemas.storageActions, name: tableIdentifier(storageActions.table, identifiers) }]
  }
  if (!classic) return []
  const standard = classic.calls.includes('Identify') ? ['identifies', 'users'] : []
  const events = eventTables(classic, declared(parsed.value), schemas, identifiers).map(({ name }) => name)
  return [...standard, ...events].map((name) => ({ schema: schemas.classic, name }))
}

/** The computation, as far as the names of its tables go. */
function declared(spec: ActivationSpec): DeclaredComputation {
  const { field, key } = computationOf(spec)
  return { key, kind: KINDS_OF[field][0], type: 'Boolean', previousNames: [] }
}
