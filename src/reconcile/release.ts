import type { WarehouseDestination } from '../model/destination.ts'
import type { ObjectMeta } from '../model/resource.ts'
import type { Table } from '../model/table.ts'
import { bookkeepingTable, bookkeepingTables } from '../plan/bookkeeping.ts'
import { ownerOf } from '../plan/compile.ts'
import { tableId } from '../plan/registry.ts'
import { acquireLease, checkEpoch, releaseLease } from '../warehouses/lease.ts'
import type { Dialect } from '../warehouses/port.ts'
import { type ReconcileContext, warehouseFor } from './context.ts'
import { objectStatements, rowsOf } from './ledger-statements.ts'
import { checkMeta, type ObjectRow, readWarehouseState } from './warehouse-state.ts'

const LEASE_SECONDS = 300

/**
 * Drops the tables that an activation made and that nobody else uses, and gives up its part in the others. Running it
 * again does nothing. Throws EngageError where the warehouse cannot be used. Returns the tables that were dropped.
 */
export async function dropOwnTables(
  context: ReconcileContext,
  destination: WarehouseDestination,
  activation: ObjectMeta,
  scope: string,
): Promise<string[]> {
  const warehouse = await warehouseFor(context, destination)
  const { dialect, capabilities } = warehouse
  const { bookkeepingSchema } = destination.spec
  const owner = ownerOf(context.installationId, 'Activation', activation).id
  await using session = await warehouse.connect(context.signal)
  const read = async () => {
    const ledger = { bookkeepingSchema, tables: bookkeepingTables(bookkeepingSchema) }
    const { meta, objects } = await readWarehouseState(session, warehouse, ledger)
    checkMeta(meta, { installationId: context.installationId, warehouse, bookkeepingSchema })
    return objects
  }
  if (!(await read()).some((row) => row.owner === owner)) return []

  const leases = bookkeepingTable(bookkeepingSchema, 'leases')
  const lease = await acquireLease(session, dialect, leases, scope, context.holder, LEASE_SECONDS, context.now)
  try {
    const { drops, ledger, dropped } = releaseOf(dialect, bookkeepingSchema, await read(), owner)
    const run = async (statements: readonly string[]) => {
      for (const sql of statements) await session.execute(sql)
    }
    if (!capabilities.transactionalDdl) {
      await checkEpoch(session, dialect, lease)
      await run(drops)
    }
    await session.transaction(async () => {
      await checkEpoch(session, dialect, lease)
      if (capabilities.transactionalDdl) await run(drops)
      await run(ledger)
    })
    return dropped
  } finally {
    await releaseLease(session, dialect, lease).catch(() => undefined) // A lease that cannot be given back expires.
  }
}

function releaseOf(dialect: Dialect, bookkeepingSchema: string, objects: readonly ObjectRow[], owner: string) {
  const columns: Table = bookkeepingTable(bookkeepingSchema, 'columns')
  const drops: string[] = []
  const ledger: string[] = []
  const dropped: string[] = []
  for (const [id, rows] of Map.groupBy(objects, tableId)) {
    const mine = rows.find((row) => row.owner === owner)
    if (!mine) continue
    const table = { schema: mine.schema, name: mine.name }
    const others = rows.filter((row) => row !== mine)
    ledger.push(...objectStatements(dialect, bookkeepingSchema, [{ table, rows: others }]))
    if (others.length > 0 || !mine.created) continue
    drops.push(...dialect.change({ kind: 'DropTable', table }))
    ledger.push(`DELETE FROM ${dialect.table(columns)} WHERE ${rowsOf(dialect, table)}`)
    dropped.push(id)
  }
  return { drops, ledger, dropped }
}
