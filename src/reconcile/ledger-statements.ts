import type { TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { insertRows } from '../sync/ledger.ts'
import { type ObjectRow, rowsOf } from '../sync/registry.ts'
import type { Dialect, Warehouse } from '../warehouses/port.ts'
import { LAYOUT_VERSION, META } from './warehouse-state.ts'

/** Puts the rows of `objects` of some tables in place of those that are there. */
export function objectStatements(
  dialect: Dialect,
  bookkeepingSchema: string,
  tables: readonly { table: TableName; rows: readonly ObjectRow[] }[],
): string[] {
  const objects = bookkeepingTable(bookkeepingSchema, 'objects')
  return [
    ...tables.map(({ table }) => `DELETE FROM ${dialect.table(objects)} WHERE ${rowsOf(dialect, table)}`),
    ...insertRows(
      dialect,
      objects,
      tables.flatMap(({ rows }) =>
        rows.map((row) => ({
          schema_name: row.schema,
          table_name: row.name,
          kind: row.kind,
          owner: row.owner,
          owner_uid: row.uid,
          created: String(row.created),
          incarnation: row.incarnation,
          created_at: row.createdAt,
        })),
      ),
    ),
  ]
}

/** Marks a new ledger with the installation and the warehouse that it belongs to. */
export function metaStatements(warehouse: Warehouse, bookkeepingSchema: string, installationId: string): string[] {
  const { dialect } = warehouse
  const values = {
    [META.installation]: installationId,
    [META.warehouse]: warehouse.identity,
    [META.layout]: LAYOUT_VERSION,
  }
  const rows = Object.entries(values).map(([name, value]) => ({ name, value }))
  return insertRows(dialect, bookkeepingTable(bookkeepingSchema, 'meta'), rows)
}
