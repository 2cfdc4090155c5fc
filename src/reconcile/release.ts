import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { ObjectMeta } from '../model/resource.ts'
import type { Table } from '../model/table.ts'
import { bookkeepingTable, bookkeepingTables } from '../plan/bookkeeping.ts'
import { ownerOf } from '../plan/compile.ts'
import { tableId } from '../plan/registry.ts'
import { scopeId, scopeOf } from '../plan/work-order.ts'
import { type ObjectRow, rowsOf } from '../sync/registry.ts'
import type { Dialect, Session, Warehouse } from '../warehouses/port.ts'
import { type ReconcileContext, warehouseFor } from './context.ts'
import { objectStatements } from './ledger-statements.ts'
import { writeUnderLease } from './under-lease.ts'
import { checkMeta, readWarehouseState } from './warehouse-state.ts'

/**
 * Drops the tables that an activation made and that nobody else uses, with their views, and gives up its part in the others; what one that
 * had its name before has left stays. Running it again does nothing. Throws EngageError where the warehouse cannot be used. Returns the tables that were dropped.
 */
export async function dropOwnTables(
  context: ReconcileContext,
  destination: WarehouseDestination,
  activation: Activation,
): Promise<string[]> {
  const warehouse = await warehouseFor(context, destination)
  const { dialect } = warehouse
  const { bookkeepingSchema } = destination.spec
  const isOwn = ownedBy(context, activation.metadata)
  const scope = scopeId(scopeOf(activation))
  await using session = await warehouse.connect(context.signal)
  const read = () => readObjects(context, session, warehouse, bookkeepingSchema)
  if (!(await read()).some(isOwn)) return []

  const { dropped } = await writeUnderLease(context, { session, warehouse }, { scope, bookkeepingSchema }, async () =>
    releaseOf(dialect, bookkeepingSchema, await read(), isOwn),
  )
  return dropped
}

/** The tables that `dropOwnTables` would drop of each activation, called for one after the other. */
export async function tablesToDrop(
  context: ReconcileContext,
  destination: WarehouseDestination,
  activations: readonly ObjectMeta[],
): Promise<string[][]> {
  const warehouse = await warehouseFor(context, destination)
  const { bookkeepingSchema } = destination.spec
  await using session = await warehouse.connect(context.signal)
  let objects = await readObjects(context, session, warehouse, bookkeepingSchema)
  return activations.map((activation) => {
    const isOwn = ownedBy(context, activation)
    const { dropped } = releaseOf(warehouse.dialect, bookkeepingSchema, objects, isOwn)
    objects = objects.filter((row) => !isOwn(row))
    return dropped
  })
}

function ownedBy({ installationId }: ReconcileContext, activation: ObjectMeta): (row: ObjectRow) => boolean {
  const owner = ownerOf(installationId, 'Activation', activation)
  return (row) => row.owner === owner.id && row.uid === owner.uid
}

async function readObjects(
  { installationId }: ReconcileContext,
  session: Session,
  warehouse: Warehouse,
  bookkeepingSchema: string,
): Promise<ObjectRow[]> {
  const ledger = { bookkeepingSchema, tables: bookkeepingTables(bookkeepingSchema) }
  const { meta, objects } = await readWarehouseState(session, warehouse, ledger, 'All')
  checkMeta(meta, { installationId, warehouse, bookkeepingSchema })
  return objects
}

function releaseOf(
  dialect: Dialect,
  bookkeepingSchema: string,
  objects: readonly ObjectRow[],
  isOwn: (row: ObjectRow) => boolean,
) {
  const columns: Table = bookkeepingTable(bookkeepingSchema, 'columns')
  const ddl: string[] = []
  const ledger: string[] = []
  const dropped: string[] = []
  for (const [id, rows] of Map.groupBy(objects, tableId)) {
    const mine = rows.find(isOwn)
    if (!mine) continue
    const table = { schema: mine.schema, name: mine.name }
    const others = rows.filter((row) => row !== mine)
    ledger.push(...objectStatements(dialect, bookkeepingSchema, [{ table, rows: others }]))
    if (others.length > 0 || !mine.created) continue
    if (mine.kind === 'View') {
      ddl.unshift(...(dialect.viewChange?.({ kind: 'DropView', view: table }) ?? []))
      continue
    }
    ddl.push(...dialect.change({ kind: 'DropTable', table }))
    ledger.push(`DELETE FROM ${dialect.table(columns)} WHERE ${rowsOf(dialect, table)}`)
    dropped.push(id)
  }
  return { ddl, ledger, dropped }
}
