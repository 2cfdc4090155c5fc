import { standardColumns, type TableKind } from './standard-tables.ts'

/** The last column that `schemaPolicy.maxColumns` allows: it takes, as JSON, the properties that have no column. */
export const OVERFLOW_COLUMN = '_overflow'

/** How many columns a table takes beside its standard ones and the overflow's. The twin takes what its users take. */
export const roomIn = (kind: TableKind, maxColumns: number): number =>
  maxColumns - 1 - standardColumns(kind === 'UsersTwin' ? 'Users' : kind).length

/** Whether a table with these columns takes no further one. */
export function isFull(columns: Iterable<string>, maxColumns: number): boolean {
  const names = new Set(columns)
  names.delete(OVERFLOW_COLUMN)
  return names.size >= maxColumns - 1
}
