import { IDENTIFIES_FLAG } from '../engage/convert.ts'
import { columnIdentifier, type IdentifierRules, tableIdentifier } from '../engage/identifiers.ts'
import { defaultMapping } from '../engage/mapping.ts'
import type { ClassicSpec, MappingSpec, StorageActionsSpec } from '../model/activation.ts'
import type { schemasOf } from '../model/space.ts'
import type { Column, LogicalType, Table, TableName } from '../model/table.ts'
import type { DeclaredComputation } from './computations.ts'
import { standardNames, tableOf } from './standard-tables.ts'
import type { Computation, WorkOrder } from './work-order.ts'

/** The schemas that a space has in one warehouse. */
export type SpaceSchemas = ReturnType<typeof schemasOf>

/** Names that no trait can have: `identifies`, `users` and its twin are filled from one stage. */
const TRAIT_RESERVED: ReadonlySet<string> = new Set([
  ...standardNames('Identifies'),
  ...standardNames('UsersTwin'),
  IDENTIFIES_FLAG,
])
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
  declaredColumn(computation.key, computation.type, computation.previousNames, TRAIT_RESERVED, identifiers)

/** Journeys of the first kind send the events of audiences; the steps of the second have event names of their own. */
const sendsAudienceEvents = ({ kind, key }: Computation): boolean =>
  kind === 'Audience' || kind === 'LinkedAudience' || (kind === 'Journey' && key.startsWith('j_o_'))

/** The tables of the track events that a classic activation is known to send. */
export function eventTables(
  { calls, eventNames }: ClassicSpec,
  computation: DeclaredComputation,
  schemas: SpaceSchemas,
  identifiers: IdentifierRules,
): Table[] {
  if (!calls.includes('Track')) return []
  const table = (event: string, key: string): Table =>
    tableOf('Event', { schema: schemas.classic, name: tableIdentifier(event, identifiers) }, [
      { name: key, type: 'String', origin: 'Declared' },
      declaredColumn(computation.key, computation.type, computation.previousNames, EVENT_RESERVED, identifiers),
    ])
  if (computation.kind === 'ComputedTrait') return [table(eventNames.computed, 'trait_key')]
  if (!sendsAudienceEvents(computation)) return []
  return [table(eventNames.entered, 'audience_key'), table(eventNames.exited, 'audience_key')]
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
  const text = (name: string) => declaredColumn(name, 'String', [], STORAGE_RESERVED, identifiers)
  const mapped = storage.mapping === undefined ? fieldsOf(mappingOf(storage, computation)) : textFields(storage.mapping)
  const columns = unionOf([
    (storage.columns ?? []).map(({ name, type, previousNames }) =>
      declaredColumn(name, type, previousNames ?? [], STORAGE_RESERVED, identifiers),
    ),
    mapped.map(text),
  ])
  return tableOf(
    'StorageActions',
    { schema: schemas.storageActions, name: tableIdentifier(storage.table, identifiers) },
    sorted(columns),
  )
}

function fieldsOf(mapping: MappingSpec): string[] {
  const { properties } = mapping
  const isObject = typeof properties === 'object' && properties !== null && !Array.isArray(properties)
  return isObject ? Object.keys(properties).filter((field) => !field.startsWith('@')) : []
}

/** Fields of a mapping that can only be text; the others get the type of their first value. */
function textFields(mapping: MappingSpec): string[] {
  const { properties } = mapping
  return fieldsOf(mapping).filter((field) => isText((properties as Record<string, unknown>)[field]))
}

function isText(value: unknown): boolean {
  if (typeof value === 'string') return true
  if (typeof value !== 'object' || value === null) return false
  if ('@template' in value || '@liquid' in value) return true
  if ('@literal' in value) return typeof value['@literal'] === 'string'
  const json = '@json' in value ? value['@json'] : undefined
  return typeof json === 'object' && json !== null && 'mode' in json && json.mode === 'encode'
}

/** The tables of an order that the calls of one of its activations land in. */
export function tablesOfActivation(order: WorkOrder, name: string, identifiers: IdentifierRules): TableName[] {
  const storage = order.storageActions.find((activation) => activation.name === name)
  if (storage) return [storage.table]
  const classic = order.classic?.activations.find((activation) => activation.name === name)
  if (!order.classic || !classic) return []
  const { schema } = order.classic
  const { calls, eventNames } = classic
  const names = [
    ...(calls.includes('Identify') ? ['identifies', 'users'] : []),
    ...(calls.includes('Track') ? Object.values(eventNames).map((event) => tableIdentifier(event, identifiers)) : []),
  ]
  return order.tables.filter((table) => table.schema === schema && names.includes(table.name))
}

/** Columns of several lists; the first of a name stays. */
export function unionOf(lists: readonly (readonly Column[])[]): Column[] {
  const columns = new Map<string, Column>()
  for (const column of lists.flat()) if (!columns.has(column.name)) columns.set(column.name, column)
  return [...columns.values()]
}

export const sorted = (columns: readonly Column[]): Column[] =>
  [...columns].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
