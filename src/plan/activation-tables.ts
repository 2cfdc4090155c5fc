import { defaultMapping } from '../engage/default-mapping.ts'
import { columnIdentifier, type IdentifierRules, tableIdentifier } from '../engage/identifiers.ts'
import { IDENTIFY_RESERVED } from '../engage/stage-columns.ts'
import type { ClassicSpec, MappingSpec, StorageActionsSpec } from '../model/activation.ts'
import { directiveOf } from '../model/mapping-check.ts'
import { isFields } from '../model/rules.ts'
import type { schemasOf } from '../model/space.ts'
import type { Column, LogicalType, Table } from '../model/table.ts'
import type { DeclaredComputation } from './computations.ts'
import { tableId } from './registry.ts'
import { standardNames, tableOf } from './standard-tables.ts'
import type { Computation, WorkOrder } from './work-order.ts'

/** The schemas that a space has in one warehouse. */
export type SpaceSchemas = ReturnType<typeof schemasOf>

const EVENT_RESERVED = standardNames('Event')
const STORAGE_RESERVED = standardNames('StorageActions')

function declaredColumn(
  spelling: string,
  type: LogicalType,
  previousNames: readonly string[],
  reserved: ReadonlySet<string>,
  identifiers: IdentifierRules,
): Column {
  const nameOf = (text: string) => {
    const name = columnIdentifier(text, identifiers)
    return reserved.has(name) ? `_${name}` : name
  }
  const name = nameOf(spelling)
  const earlier = previousNames.map(nameOf).filter((previous) => previous !== name)
  return {
    name,
    type,
    origin: 'Declared',
    ...(name === spelling ? {} : { source: spelling }),
    ...(earlier.length === 0 ? {} : { previousNames: earlier }),
  }
}

/** The column of a computation in `identifies`, `users` and its twin. */
export const traitColumn = (computation: DeclaredComputation, identifiers: IdentifierRules): Column =>
  declaredColumn(computation.key, computation.type, computation.previousNames, IDENTIFY_RESERVED, identifiers)

/** The events that a computation is known to send, each with the property that names the computation. */
function eventsOf({ kind, key }: Computation, { entered, exited, computed }: ClassicSpec['eventNames']) {
  if (kind === 'ComputedTrait') return [{ event: computed, property: 'trait_key' }]
  // Journeys of the first kind send the events of audiences; the steps of the second have event names of their own.
  if (kind === 'Journey' && !key.startsWith('j_o_')) return []
  return [entered, exited].map((event) => ({ event, property: 'audience_key' }))
}

/** The tables of the track events that a classic activation is known to send. */
export function eventTables(
  { calls, eventNames }: ClassicSpec,
  computation: DeclaredComputation,
  schemas: SpaceSchemas,
  identifiers: IdentifierRules,
): Table[] {
  if (!calls.includes('Track')) return []
  return eventsOf(computation, eventNames).map(({ event, property }) =>
    tableOf('Event', { schema: schemas.classic, name: tableIdentifier(event, identifiers) }, [
      { name: property, type: 'String', origin: 'Declared' },
      declaredColumn(computation.key, computation.type, computation.previousNames, EVENT_RESERVED, identifiers),
    ]),
  )
}

/** The mapping of storage actions: the activation's own, or Segment's for its computation. */
export const mappingOf = (storage: StorageActionsSpec, computation: Computation): MappingSpec =>
  storage.mapping ?? defaultMapping(computation.kind === 'Journey' ? 'Journey' : 'LinkedAudience')

/** The table of storage actions, with the columns that are known before the first call. */
export function storageTable(
  storage: StorageActionsSpec,
  computation: Computation,
  schemas: SpaceSchemas,
  identifiers: IdentifierRules,
): Table {
  const fields = fieldsOf(mappingOf(storage, computation))
  // Of Segment's mappings every field is text; in others it is what the directive says, or what the first value is.
  const text = storage.mapping === undefined ? fields : fields.filter(([, value]) => isText(value))
  const columns = unionOf([
    (storage.columns ?? []).map((column) => storageColumn(column, identifiers)),
    text.map(([name]) => storageColumn({ name, type: 'String' }, identifiers)),
  ])
  return tableOf(
    'StorageActions',
    { schema: schemas.storageActions, name: tableIdentifier(storage.table, identifiers) },
    sorted(columns),
  )
}

/** A column of storage actions, as an activation declares it. */
export const storageColumn = (
  { name, type, previousNames = [] }: { name: string; type: LogicalType; previousNames?: string[] | undefined },
  identifiers: IdentifierRules,
): Column => declaredColumn(name, type, previousNames, STORAGE_RESERVED, identifiers)

/** The fields of a mapping, as far as it names them: a directive finds them in the call. */
const fieldsOf = ({ properties }: MappingSpec): [string, unknown][] =>
  properties === undefined || directiveOf(properties) !== undefined ? [] : Object.entries(properties)

function isText(value: unknown): boolean {
  if (typeof value === 'string') return true
  if (!isFields(value)) return false
  if ('@template' in value || '@liquid' in value) return true
  if ('@literal' in value) return typeof value['@literal'] === 'string'
  return isFields(value['@json']) && value['@json'].mode === 'encode'
}

/** Every name that a column of a computation has in a classic table, with the column that names the computation. */
export function columnsOf({ key, kind }: Computation, identifiers: IdentifierRules): string[] {
  const names = [IDENTIFY_RESERVED, EVENT_RESERVED].map(
    (reserved) => declaredColumn(key, 'String', [], reserved, identifiers).name,
  )
  return [...names, kind === 'ComputedTrait' ? 'trait_key' : 'audience_key']
}

/** The tables of an order that an activation's calls land in, by `tableId`, each with which of its columns are its own. */
export function tablesOfActivation(
  order: WorkOrder,
  name: string,
  identifiers: IdentifierRules,
): Map<string, (column: Column) => boolean> {
  const storage = order.storageActions.find((activation) => activation.name === name)
  if (storage) return new Map([[tableId(storage.table), () => true]])
  const classic = order.classic?.activations.find((activation) => activation.name === name)
  const computation = order.computations.find(({ key }) => key === classic?.computation)
  if (!order.classic || !classic || !computation) return new Map()
  const { schema } = order.classic
  const { calls, eventNames } = classic
  const events = calls.includes('Track') ? eventsOf(computation, eventNames) : []
  const tables = [
    ...(calls.includes('Identify') ? ['identifies', 'users'] : []),
    ...events.map(({ event }) => tableIdentifier(event, identifiers)),
  ]
  const own = new Set(columnsOf(computation, identifiers))
  const isOwn = ({ name: column, origin }: Column) => origin === 'Standard' || own.has(column)
  return new Map(
    order.tables
      .filter((table) => table.schema === schema && tables.includes(table.name))
      .map((table) => [tableId(table), isOwn]),
  )
}

/** Columns of several lists; the first of a name stays. */
export function unionOf(lists: readonly (readonly Column[])[]): Column[] {
  const columns = new Map<string, Column>()
  for (const column of lists.flat()) if (!columns.has(column.name)) columns.set(column.name, column)
  return [...columns.values()]
}

export const sorted = (columns: readonly Column[]): Column[] =>
  [...columns].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
