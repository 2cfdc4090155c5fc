import { type IdentifierRules, tableIdentifier } from '../engage/identifiers.ts'
import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { Kind, ObjectMeta } from '../model/resource.ts'
import { type EngageSpace, schemasOf } from '../model/space.ts'
import type { Table, TableName } from '../model/table.ts'
import {
  eventTables,
  mappingOf,
  type SpaceSchemas,
  sorted,
  storageColumn,
  storageTable,
  traitColumn,
  unionOf,
} from './activation-tables.ts'
import { bookkeepingTables, usersTwin } from './bookkeeping.ts'
import { roomIn } from './column-limit.ts'
import { computationsOf, type DeclaredComputation, findComputation } from './computations.ts'
import { standardColumns, type TableKind, tableOf } from './standard-tables.ts'
import { judgeActivations } from './validate.ts'
import { type ClassicActivation, type StorageActionsOrder, scopeId, type WorkOrder } from './work-order.ts'

/** What the compiler must know of the warehouse and of who asks. */
export interface CompileRules {
  identifiers: IdentifierRules
  /** Default of schemaPolicy.maxColumns. */
  maxColumns: number
  /** The first part of every owner's name. */
  installationId: string
}

/**
 * The work order of a space in a warehouse that it is connected to: of the activations given, those that are of this
 * pair, valid and not suspended. `verdicts` are those of `judgeActivations`, where the caller has them already.
 */
export function compileWorkOrder(
  space: EngageSpace,
  destination: WarehouseDestination,
  activations: readonly Activation[],
  rules: CompileRules,
  verdicts = judgeActivations(space, destination, activations, rules.identifiers),
): WorkOrder {
  const { identifiers } = rules
  const connection = space.spec.destinations.find(({ name }) => name === destination.metadata.name)
  if (!connection) throw new RangeError(`${space.metadata.name} is not connected to ${destination.metadata.name}`)
  const schemas = schemasOf(space.spec, connection)
  const computations = computationsOf(space.spec)
  const active = [...verdicts].flatMap(([activation, verdict]): Active[] => {
    const computation = findComputation(computations, activation.spec)
    return verdict || !computation || activation.spec.suspend ? [] : [{ activation, computation }]
  })
  active.sort((a, b) => (a.activation.metadata.name < b.activation.metadata.name ? -1 : 1))
  const { schemaPolicy, bookkeepingSchema } = destination.spec
  const maxColumns = schemaPolicy.maxColumns ?? rules.maxColumns
  const { namespace, name } = space.metadata
  const scope = { namespace, space: name, destination: destination.metadata.name }
  return {
    scope: scopeId(scope),
    ...scope,
    ...(space.spec.spaceId === undefined ? {} : { spaceId: space.spec.spaceId }),
    owner: ownerOf(rules.installationId, 'EngageSpace', space.metadata),
    bookkeepingSchema,
    sources: space.spec.sources,
    computations: computations.map(({ key, kind, type }) => ({ key, kind, type })),
    ...(computations.length === 0
      ? {}
      : { classic: { schema: schemas.classic, activations: active.flatMap(classicActivation) } }),
    storageActions: active.flatMap((entry) => storageOrder(entry, schemas, identifiers)),
    tables: [
      ...bookkeepingTables(bookkeepingSchema),
      ...classicTables(active, computations, schemas, bookkeepingSchema, { identifiers, maxColumns }),
      ...storageTables(active, schemas, { identifiers, maxColumns }),
    ],
    selectiveSync: connection.selectiveSync ?? [],
    policy: {
      undeclaredProperties: schemaPolicy.undeclaredProperties,
      widenTypes: schemaPolicy.widenTypes,
      maxColumns,
      dedupeDays: Number.parseInt(schemaPolicy.dedupeWindow, 10),
    },
  }
}

/** Name of an owner, as `objects` has it: it outlives the uid of a resource that is made again. */
export const ownerOf = (installationId: string, kind: Kind, { namespace, name, uid }: ObjectMeta) => ({
  id: `${installationId}/${kind}/${namespace}/${name}`,
  uid: uid ?? '',
})

type TableRules = Pick<CompileRules, 'identifiers' | 'maxColumns'>

interface Active {
  activation: Activation
  computation: DeclaredComputation
}

function classicActivation({ activation, computation }: Active): ClassicActivation[] {
  const { classic, sync } = activation.spec
  if (!classic) return []
  return [
    {
      name: activation.metadata.name,
      computation: computation.key,
      calls: classic.calls,
      eventNames: classic.eventNames,
      sendMobileIds: classic.sendMobileIds,
      backfill: sync.backfill,
    },
  ]
}

function storageOrder(
  { activation, computation }: Active,
  schemas: SpaceSchemas,
  identifiers: IdentifierRules,
): StorageActionsOrder[] {
  const { storageActions, sync } = activation.spec
  if (!storageActions) return []
  return [
    {
      name: activation.metadata.name,
      computation: computation.key,
      table: { schema: schemas.storageActions, name: tableIdentifier(storageActions.table, identifiers) },
      triggers: storageActions.triggers,
      mapping: mappingOf(storageActions, computation),
      columns: (storageActions.columns ?? []).map((column) => ({
        name: storageColumn(column, identifiers).name,
        type: column.type,
        path: column.path,
      })),
      backfill: sync.backfill,
    },
  ]
}

function classicTables(
  active: readonly Active[],
  computations: readonly DeclaredComputation[],
  schemas: SpaceSchemas,
  bookkeepingSchema: string,
  { identifiers, maxColumns }: TableRules,
): Table[] {
  const traitsOf = (list: readonly DeclaredComputation[]) =>
    sorted(unionOf([list.map((computation) => traitColumn(computation, identifiers))]))
  const identified = active.flatMap(({ activation, computation }) =>
    activation.spec.classic?.calls.includes('Identify') ? [computation] : [],
  )
  const all = traitsOf(computations)
  const table = (kind: TableKind, name: TableName, columns = all) =>
    tableOf(kind, name, columns.slice(0, roomIn(kind, maxColumns)))
  const events = active.flatMap(({ activation, computation }) =>
    activation.spec.classic ? eventTables(activation.spec.classic, computation, schemas, identifiers) : [],
  )
  return [
    ...(identified.length === 0
      ? []
      : [table('Identifies', { schema: schemas.classic, name: 'identifies' }, traitsOf(identified))]),
    ...(computations.length === 0
      ? []
      : [
          table('Users', { schema: schemas.classic, name: 'users' }),
          table('UsersTwin', usersTwin(bookkeepingSchema, schemas.classic)),
        ]),
    ...merged(events, 'Event', maxColumns),
  ]
}

const storageTables = (
  active: readonly Active[],
  schemas: SpaceSchemas,
  { identifiers, maxColumns }: TableRules,
): Table[] =>
  merged(
    active.flatMap(({ activation, computation }) => {
      const { storageActions } = activation.spec
      return storageActions ? [storageTable(storageActions, computation, schemas, identifiers)] : []
    }),
    'StorageActions',
    maxColumns,
  )

/** One table of each name, with the columns of all that it has room for. */
function merged(tables: readonly Table[], kind: TableKind, maxColumns: number): Table[] {
  const standard = standardColumns(kind).length
  const byName = Map.groupBy(tables, ({ name }) => name)
  return [...byName.keys()].sort().flatMap((name) => {
    const [first, ...others] = byName.get(name) ?? []
    if (!first) return []
    const columns = sorted(unionOf([first, ...others].map((table) => table.columns.slice(standard))))
    return [{ ...first, columns: [...first.columns.slice(0, standard), ...columns.slice(0, roomIn(kind, maxColumns))] }]
  })
}
