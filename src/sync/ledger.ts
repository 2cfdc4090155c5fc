import type { Table } from '../model/table.ts'
import type { Dialect } from '../warehouses/port.ts'

/** A row of a bookkeeping table: text by column, null or absent is NULL. */
export type LedgerRow = Record<string, string | null>

const ROWS_PER_STATEMENT = 500

/** A list as JSON, with as many of its items as fit into so many bytes: 65,535 are the most that some warehouses take. */
export function jsonList(items: readonly object[], maxBytes = Number.POSITIVE_INFINITY): string {
  const texts: string[] = []
  let bytes = 2
  for (const item of items) {
    const text = JSON.stringify(item)
    bytes += Buffer.byteLength(text) + 1
    if (bytes > maxBytes) break
    texts.push(text)
  }
  return `[${texts.join(',')}]`
}

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
