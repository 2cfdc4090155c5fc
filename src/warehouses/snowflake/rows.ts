import type { Column } from 'snowflake-sdk'
import { plainDecimal } from '../../engage/decimal.ts'
import { lower } from './text.ts'

/** The rows of a result as the port wants them: texts, by lower-case name. See Session.query. */
export function rowsOf(
  columns: readonly Column[],
  rows: readonly (readonly unknown[])[],
): Record<string, string | null>[] {
  const readers = columns.map((column) => ({ name: lower(column.getName()), read: readerOf(column) }))
  return rows.map((row) =>
    Object.fromEntries(readers.map(({ name, read }, at) => [name, row[at] === null ? null : read(row[at])])),
  )
}

function readerOf(column: Column): (value: unknown) => string {
  if (column.isBoolean()) return (value) => String(value).toLowerCase()
  if (column.isTimestamp()) return timestampText
  if (column.getType() === 'real') return (value) => plainDecimal(String(value)) ?? String(value)
  return String
}

/** What the driver adds to the Date of a timestamp, which has no more than milliseconds. */
interface ExactDate {
  getEpochSeconds(): number
  getNanoSeconds(): number
}

const isExactDate = (value: unknown): value is ExactDate =>
  value instanceof Date && 'getEpochSeconds' in value && 'getNanoSeconds' in value

function timestampText(value: unknown): string {
  if (!isExactDate(value)) return String(value)
  const time = new Date(value.getEpochSeconds() * 1000).toISOString().replace(/\.000Z$/, '')
  const micros = Math.floor(value.getNanoSeconds() / 1000)
  return micros === 0 ? `${time}Z` : `${time}.${String(micros).padStart(6, '0').replace(/0+$/, '')}Z`
}
