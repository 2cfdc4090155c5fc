import { EngageError } from '../model/errors.ts'
import { type ColumnOrigin, LOGICAL_TYPES, type LogicalType, type TableName } from '../model/table.ts'
import type { BookkeepingName } from '../plan/bookkeeping.ts'
import type { Observed } from '../plan/observed.ts'
import type { RegisteredColumn } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect, Session, Warehouse } from '../warehouses/port.ts'

/** A row of the ledger's `objects`: who uses a table or the view beside it, and whether EngageOps made it. */
export interface ObjectRow extends TableName {
  kind: 'Table' | 'View'
  owner: string
  uid: string
  created: boolean
  /** Of a view: the fingerprint of what it was made from. */
  incarnation: string
  /** ISO 8601. */
  createdAt: string
}

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
    objects: objects.map((row) => ({
      schema: row.schema_name ?? '',
      name: row.table_name ?? '',
      kind: row.kind === 'View' ? 'View' : 'Table',
      owner: row.owner ?? '',
      uid: row.owner_uid ?? '',
      created: row.created === 'true',
      incarnation: row.incarnation ?? '',
      createdAt: row.created_at ?? '',
    })),
    meta: new Map(meta.map((row) => [row.name ?? '', row.value ?? ''])),
  }
}

/** The condition of rows about the schemas of an order; in the bookkeeping schema all spaces have tables, so there by name. */
function rowsAbout(
  { quote, literal }: Dialect,
  { bookkeepingSchema, tables }: Pick<WorkOrder, 'bookkeepingSchema' | 'tables'>,
) {
  const list = (names: readonly string[]) => [...new Set(names)].map((name) => literal(name, 'String')).join(', ')
  const [inLedger, others] = [
    tables.filter(({ schema }) => schema === bookkeepingSchema),
    tables.filter(({ schema }) => schema !== bookkeepingSchema),
  ]
  const conditions = [
    `(${quote('schema_name')} = ${literal(bookkeepingSchema, 'String')} AND ${quote('table_name')} IN (${list(inLedger.map(({ name }) => name))}))`,
    ...(others.length === 0 ? [] : [`${quote('schema_name')} IN (${list(others.map(({ schema }) => schema))})`]),
  ]
  return conditions.join(' OR ')
}

const isLogicalType = (text: unknown): text is LogicalType => LOGICAL_TYPES.some((type) => type === text)
const ORIGINS: readonly ColumnOrigin[] = ['Standard', 'Declared', 'Inferred']

/** A row that this version cannot read is as good as none: the column counts as somebody else's. */
function registeredColumn(row: Record<string, string | null>): RegisteredColumn[] {
  const origin = ORIGINS.find((known) => known === row.origin)
  if (!isLogicalType(row.type) || origin === undefined) return []
  return [
    {
      schema: row.schema_name ?? '',
      name: row.table_name ?? '',
      column: row.column_name ?? '',
      type: row.type,
      origin,
      ...(row.source_name ? { source: row.source_name } : {}),
    },
  ]
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
