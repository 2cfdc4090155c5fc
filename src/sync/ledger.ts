import type { Table } from '../model/table.ts'
import type { Dialect } from '../warehouses/port.ts'

/** A row of a bookkeeping table: text by column, null or absent is NULL. */
export type LedgerRow = Record<string, string | null>

const ROWS_PER_STATEMENT = 500

/** INSERT statements with literals: the ledger is small, and literals need no driver's own binding. */
export function insertRows(dialect: Dialect, table: Table, rows: readonly LedgerRow[]): string[] {
  const columns = table.columns.map((column) => dialect.quote(column.name)).join(', ')
  const tuple = (row: LedgerRow) =>
    `(${table.columns.map((column) => dialect.literal(row[column.name] ?? null, column.type)).join(', ')})`
  const statements: string[] = []
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const tuples = rows.slice(from, from + ROWS_PER_STATEMENT).map(tuple)
    statements.push(`INSERT INTO ${dialect.table(table)} (${columns}) VALUES\n  ${tuples.join(',\n  ')}`)
  }
  return statements
}
