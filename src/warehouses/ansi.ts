import type { LogicalType, TableName } from '../model/table.ts'

/** What DuckDB and Postgres have in common: SQL as the standard has it. */

/** A quoted identifier. */
export const quote = (identifier: string): string => `"${identifier.replaceAll('"', '""')}"`

/** A quoted `schema.table`. */
export const table = ({ schema, name }: TableName): string => `${quote(schema)}.${quote(name)}`

/** A text literal; backslashes and line ends have no meaning in it. */
export const text = (value: string): string => `'${value.replaceAll("'", "''")}'`

/** The statement that keeps the spelling that a column's name does not show; none where it shows it. */
export function comment(name: TableName, column: { name: string; source?: string }): string[] {
  if (column.source === undefined || column.source === column.name) return []
  return [`COMMENT ON COLUMN ${table(name)}.${quote(column.name)} IS ${text(column.source.replaceAll('\0', ''))}`]
}

const WIDENINGS: Partial<Record<LogicalType, readonly LogicalType[]>> = {
  Boolean: ['String'],
  Integer: ['Float', 'Decimal', 'String'],
  Float: ['String'],
  Decimal: ['String'],
  Timestamp: ['String'],
  Json: ['String'],
}

/** Every widening that keeps the values, in place. */
export const canWiden = (from: LogicalType, to: LogicalType): boolean => WIDENINGS[from]?.includes(to) ?? false
