import type { TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Difference } from '../plan/difference.ts'
import { tableId } from '../plan/registry.ts'
import type { Dialect } from '../warehouses/port.ts'
import { insertRows } from './ledger.ts'

/** The condition that picks the ledger's rows of a table. */
export const rowsOf = ({ quote, literal }: Dialect, { schema, name }: TableName): string =>
  `${quote('schema_name')} = ${literal(schema, 'String')} AND ${quote('table_name')} = ${literal(name, 'String')}`

/** Brings the registry of columns in line with what was changed; `firstRun` is the sync that met the columns, if one did. */
export function registryStatements(
  dialect: Dialect,
  bookkeepingSchema: string,
  { register, unregister }: Pick<Difference, 'register' | 'unregister'>,
  now: string,
  firstRun: string | null = null,
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
    first_run: firstRun,
    created_at: now,
  }))
  return [...stale, ...insertRows(dialect, columns, rows)]
}
