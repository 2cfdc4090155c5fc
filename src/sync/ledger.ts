import type { Table, TypedColumn } from '../model/table.ts'
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
  const { columns } = table
  const names = columns.map((column) => dialect.quote(column.name)).join(', ')
  const statements: string[] = []
  for (let from = 0; from < rows.length; from += ROWS_PER_STATEMENT) {
    const some = rows.slice(from, from + ROWS_PER_STATEMENT)
    const values = some.map((row) => columns.map(({ name }) => row[name] ?? null))
    const inserted = dialect.rows?.(columns, values) ?? valuesOf(dialect, columns, values)
    statements.push(`INSERT INTO ${dialect.table(table)} (${names}) ${inserted}`)
  }
  return statements
}

function valuesOf({ literal }: Dialect, columns: readonly TypedColumn[], rows: readonly (string | null)[][]): string {
  const tuples = rows.map(
    (row) => `(${columns.map(({ type }, position) => literal(row[position] ?? null, type)).join(', ')})`,
  )
  return `VALUES\n  ${tuples.join(',\n  ')}`
}
