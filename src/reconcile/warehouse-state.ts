import { EngageError } from '../model/errors.ts'
import type { BookkeepingName } from '../plan/bookkeeping.ts'
import type { Observed } from '../plan/observed.ts'
import type { RegisteredColumn } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { type ObjectRow, objectRow, registeredColumn, rowsAbout } from '../sync/registry.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'

/** What the warehouse holds of a space's tables and of the ledger. */
export interface WarehouseState {
  observed: Observed
  registry: RegisteredColumn[]
  objects: ObjectRow[]
  meta: ReadonlyMap<string, string>
}

/**
 * Reads tables and ledger; an absent ledger is an empty one. Of the ledger it reads what is about the schemas of the order
 * (other spaces may have far more in it), or what is about all tables.
 */
export async function readWarehouseState(
  session: Session,
  warehouse: Warehouse,
  order: Pick<WorkOrder, 'bookkeepingSchema' | 'tables'>,
  about: 'Order' | 'All' = 'Order',
): Promise<WarehouseState> {
  const schema = order.bookkeepingSchema
  const observed = await session.observe([...new Set([schema, ...order.tables.map((table) => table.schema)])])
  const rows = async (name: BookkeepingName, where = '') => {
    const exists = observed.tables.some((table) => table.schema === schema && table.name === name)
    return exists ? session.query(`SELECT * FROM ${warehouse.dialect.table({ schema, name })}${where}`) : []
  }
  const where = about === 'All' ? '' : ` WHERE ${rowsAbout(warehouse.dialect, order)}`
  const meta = await rows('meta')
  const columns = await rows('columns', where)
  const objects = await rows('objects', where)
  return {
    observed,
    registry: columns.flatMap(registeredColumn),
    objects: objects.map(objectRow),
    meta: new Map(meta.map((row) => [row.name ?? '', row.value ?? ''])),
  }
}

export const META = { installation: 'installation_id', warehouse: 'warehouse_id', layout: 'layout_version' } as const
export const LAYOUT_VERSION = '1'

/** Whether the ledger is of this installation and this warehouse. Throws WarehouseChanged. */
export function checkMeta(
  meta: ReadonlyMap<string, string>,
  expected: { installationId: string; warehouse: Warehouse; bookkeepingSchema: string },
): void {
  const installation = meta.get(META.installation)
  const warehouse = meta.get(META.warehouse)
  const place = `bookkeeping schema ${expected.bookkeepingSchema}`
  if (installation !== undefined && installation !== expected.installationId) {
    throw new EngageError(
      'WarehouseChanged',
      'Stalled',
      `${place} belongs to installation ${installation}, this is ${expected.installationId}: ` +
        'use another bookkeepingSchema, or give this installation that id',
    )
  }
  if (warehouse !== undefined && warehouse !== expected.warehouse.identity) {
    throw new EngageError(
      'WarehouseChanged',
      'Stalled',
      `${place} was made in ${warehouse}, the destination points to ${expected.warehouse.identity}: point it back, or use another bookkeepingSchema`,
    )
  }
}
