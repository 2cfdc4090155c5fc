import type { IdentifierRules } from '../engage/identifiers.ts'
import { compileRouter } from '../engage/route.ts'
import { EngageError } from '../model/errors.ts'
import type { ColumnOrigin } from '../model/table.ts'
import { tablesOfActivation } from '../plan/activation-tables.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
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
  const incarnations = new Map(
    objects.map((row) => [
      tableId({ schema: row.schema_name ?? '', name: row.table_name ?? '' }),
      row.incarnation ?? '',
    ]),
  )
  const catalog = new Catalog(order, observed, registry.map(registered), dialect)
  const members = compileRouter(order).subscriptions.map(({ name, backfill }) => {
    if (backfill === 'None') return name
    const tables = tablesOf(order, name, dialect.identifiers)
    return [name, ...tables.map((table) => incarnations.get(table) ?? '')].join('@')
  })
  const checkpoints = new Checkpoints(session, dialect, schema, order.scope, members)
  await checkpoints.load()
  return { catalog, checkpoints }
}

/**
 * Ids of the declared tables that a subscription fills: when one of them is made again, the subscription starts again.
 * Tables that a sync makes on the way do not count, nor does anything where there is no backfill.
 */
export function tablesOf(order: WorkOrder, subscription: string, identifiers: IdentifierRules): string[] {
  const users = tableId({ schema: order.classic?.schema ?? '', name: 'users' })
  if (subscription.startsWith('users/')) return [users]
  const name = subscription.slice('activation/'.length)
  return [...tablesOfActivation(order, name, identifiers).keys()].filter((table) => table !== users)
}

const ORIGINS: Record<string, ColumnOrigin> = { Standard: 'Standard', Declared: 'Declared', Inferred: 'Inferred' }
const registered = (row: Record<string, string | null>) => ({
  schema: row.schema_name ?? '',
  name: row.table_name ?? '',
  column: row.column_name ?? '',
  origin: ORIGINS[row.origin ?? ''] ?? 'Declared',
})
