import {
  type Activation,
  type Audience,
  declares,
  EXTRAS,
  isAudience,
  type Space,
  type Trait,
  type Warehouse,
} from './declared.ts'

/** Postgres' name of a type. */
export type SqlType = string

export interface Wanted {
  /** The types that each column of a table may have, by `WAREHOUSE SCHEMA.TABLE`. */
  tables: Map<string, Map<string, Set<SqlType>>>
  /** The activations, as `ownerOf`, that have a part in each table. */
  claims: Map<string, Set<string>>
}

export const ownerOf = ({ name, incarnation }: Activation): string => `${name}#${incarnation}`

const TIME = 'timestamp with time zone'
const TRACKED = { received_at: TIME, sent_at: TIME, timestamp: TIME, original_timestamp: TIME, uuid_ts: TIME }
const CALL = { id: 'text', user_id: 'text', anonymous_id: 'text', ...TRACKED }
const USER = { id: 'text', user_id: 'text', received_at: TIME, uuid_ts: TIME }
const EVENT = { ...CALL, event: 'text', event_text: 'text' }
const STORED = {
  id: 'text',
  received_at: TIME,
  uuid_ts: TIME,
  entity_context: 'text',
  user_id: 'text',
  audience_key: 'text',
  personas_computation_key: 'text',
  personas_computation_id: 'text',
  personas_computation_run_id: 'text',
  personas_activation_id: 'text',
  event_name: 'text',
}
const SQL = { Boolean: 'boolean', Integer: 'bigint', Float: 'numeric', Decimal: 'numeric', String: 'text' } as const

/**
 * The tables that resources ask for. With several versions of them: what any of these together would ask for, for
 * changes of different resources can be seen in any order.
 */
export function wanted(
  spaces: Iterable<Space>,
  activations: Iterable<Activation>,
  warehouses: ReadonlySet<Warehouse>,
): Wanted {
  const found: Wanted = { tables: new Map(), claims: new Map() }
  const all = [...activations]
  for (const space of spaces) {
    for (const warehouse of space.warehouses.filter((name) => warehouses.has(name))) {
      const add = (table: string, columns: Record<string, SqlType>) => addTo(found, `${warehouse} ${table}`, columns)
      const keys = [...space.audiences, ...(Object.keys(space.traits) as Trait[])]
      if (keys.length > 0) add(`engage_${space.name}.users`, { ...USER, ...columnsOf(space, keys) })
      for (const activation of all) {
        const isOfPair = activation.space === space.name && activation.warehouse === warehouse
        if (!isOfPair || activation.suspend || !declares(space, activation.computation)) continue
        addActivation(found, space, activation, add)
      }
    }
  }
  return found
}

function addActivation(
  { claims }: Wanted,
  space: Space,
  activation: Activation,
  add: (table: string, columns: Record<string, SqlType>) => void,
): void {
  const { computation, storage, warehouse } = activation
  const own = columnsOf(space, [computation])
  if (storage.kind === 'Actions') {
    const table = `${space.name}.${storage.table}`
    const extras = storage.extras.map((name) => [name, SQL[EXTRAS[name]]])
    add(table, { ...STORED, ...Object.fromEntries(extras) })
    const id = `${warehouse} ${table}`
    claims.set(id, (claims.get(id) ?? new Set()).add(ownerOf(activation)))
    return
  }
  if (storage.calls.includes('Identify')) add(`engage_${space.name}.identifies`, { ...CALL, ...own })
  if (!storage.calls.includes('Track')) return
  const [names, key] = isAudience(computation)
    ? [['audience_entered', 'audience_exited'], 'audience_key']
    : [['trait_computed'], 'trait_key']
  for (const name of names) add(`engage_${space.name}.${name}`, { ...EVENT, ...own, [key]: 'text' })
}

const columnsOf = ({ traits }: Space, keys: readonly (Audience | Trait)[]): Record<string, SqlType> =>
  Object.fromEntries(keys.map((key) => [key, SQL[isAudience(key) ? 'Boolean' : (traits[key] ?? 'String')]]))

function addTo({ tables }: Wanted, id: string, columns: Record<string, SqlType>): void {
  const known = tables.get(id) ?? new Map<string, Set<SqlType>>()
  for (const [name, type] of Object.entries(columns)) known.set(name, (known.get(name) ?? new Set()).add(type))
  tables.set(id, known)
}
