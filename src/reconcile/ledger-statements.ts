import type { TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Difference } from '../plan/difference.ts'
import { tableId } from '../plan/registry.ts'
import { insertRows } from '../sync/ledger.ts'
import type { Dialect, Warehouse } from '../warehouses/port.ts'
import { LAYOUT_VERSION, META, type ObjectRow } from './warehouse-state.ts'

/** The condition that picks the ledger's rows of a table. */
export const rowsOf = ({ quote, literal }: Dialect, { schema, name }: TableName): string =>
  `${quote('schema_name')} = ${literal(schema, 'String')} AND ${quote('table_name')} = ${literal(name, 'String')}`

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

/** Brings the registry of columns in line with a plan. */
export function registryStatements(
  dialect: Dialect,
  bookkeepingSchema: string,
  { register, unregister }: Pick<Difference, 'register' | 'unregister'>,
  now: string,
): string[] {
  const columns = bookkeepingTable(bookkeepingSchema, 'columns')
  const stale = [...Map.groupBy([...unregister, ...register], tableId).values()].flatMap((rows) => {
    const [first] = rows
    if (!first) return []
    const names = rows.map(({ column }) => dialect.literal(column, 'String')).join(', ')
    return [
      `DELETE FROM ${dialect.table(columns)} WHERE ${rowsOf(dialect, first)} AND ${dialect.quote('column_name')} IN (${names})`,
    ]
  })
  const rows = register.map((row) => ({
    schema_name: row.schema,
    table_name: row.name,
    column_name: row.column,
    source_name: row.source ?? null,
    type: row.type,
    origin: row.origin,
    first_run: null,
    created_at: now,
  }))
  return [...stale, ...insertRows(dialect, columns, rows)]
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
