import { tableIdentifier } from '../engage/identifiers.ts'
import { compileRouter } from '../engage/route.ts'
import { EngageError } from '../model/errors.ts'
import type { ColumnOrigin, TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { tableId } from '../plan/registry.ts'
import type { ClassicActivation, WorkOrder } from '../plan/work-order.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'
import { Catalog } from './catalog.ts'
import { Checkpoints } from './checkpoints.ts'

/** Reads what a run must know of the warehouse: tables, columns and their origin, positions. */
export async function readState(
  session: Session,
  { dialect }: Warehouse,
  order: WorkOrder,
): Promise<{ catalog: Catalog; checkpoints: Checkpoints }> {
  const schema = order.bookkeepingSchema
  const schemas = new Set([schema, ...order.tables.map((table) => table.schema)])
  const observed = await session.observe([...schemas])
  const present = new Set(observed.tables.map(tableId))
  const missing = order.tables.find((table) => !present.has(tableId(table)))
  if (missing) {
    throw new EngageError(
      'Drifted',
      'Wait',
      `table ${tableId(missing)} does not exist: apply makes it, then sync again`,
    )
  }
  const { table } = dialect
  const registry = await session.query(
    `SELECT schema_name, table_name, column_name, origin FROM ${table(bookkeepingTable(schema, 'columns'))}`,
  )
  const objects = await session.query(
    `SELECT schema_name, table_name, max(incarnation) AS incarnation FROM ${table(bookkeepingTable(schema, 'objects'))} ` +
      'GROUP BY schema_name, table_name',
  )
  const incarnations = new Map(objects.map((row) => [`${row.schema_name}.${row.table_name}`, row.incarnation ?? '']))
  const catalog = new Catalog(order, observed, registry.map(registered), dialect)
  const members = compileRouter(order).subscriptions.map(({ name }) => {
    const tables = tablesOf(order, name, (event) => tableIdentifier(event, dialect.identifiers))
    return [name, ...tables.map((entry) => incarnations.get(`${entry.schema}.${entry.name}`) ?? '')].join('@')
  })
  const checkpoints = new Checkpoints(session, dialect, schema, order.scope, members)
  await checkpoints.load()
  return { catalog, checkpoints }
}

/** The tables that a subscription fills: when one of them is made again, the subscription starts again. */
function tablesOf(order: WorkOrder, subscription: string, tableOfEvent: (event: string) => string): TableName[] {
  const schema = order.classic?.schema ?? ''
  const [kind, name] = [
    subscription.slice(0, subscription.indexOf('/')),
    subscription.slice(subscription.indexOf('/') + 1),
  ]
  if (kind === 'users') return [{ schema, name: 'users' }]
  const storage = order.storageActions.find((activation) => activation.name === name)
  if (storage) return [storage.table]
  const classic = order.classic?.activations.find((activation) => activation.name === name)
  return classic
    ? classicTables(classic).map((event) => ({ schema, name: event === IDENTIFIES ? event : tableOfEvent(event) }))
    : []
}

const IDENTIFIES = 'identifies'
const classicTables = ({ calls, eventNames }: ClassicActivation): string[] => [
  ...(calls.includes('Identify') ? [IDENTIFIES] : []),
  ...(calls.includes('Track') ? Object.values(eventNames) : []),
]

const ORIGINS: Record<string, ColumnOrigin> = { Standard: 'Standard', Declared: 'Declared', Inferred: 'Inferred' }
const registered = (row: Record<string, string | null>) => ({
  schema: row.schema_name ?? '',
  name: row.table_name ?? '',
  column: row.column_name ?? '',
  origin: ORIGINS[row.origin ?? ''] ?? 'Declared',
})
