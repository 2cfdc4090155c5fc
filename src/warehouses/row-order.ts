import type { TypedColumn } from '../model/table.ts'
import { OVERFLOW_COLUMN } from '../plan/column-limit.ts'
import type { Dialect } from './port.ts'

/** Which of several rows comes first, in SQL that all warehouses have: see ./merge.ts. */

/** What a column is sorted by: expressions that are all NULL, or none is. */
export type SortKey = readonly string[]

/** Name of the column that numbers rows: see ./upsert.ts about its `_`. */
export const RANK = '__rank'

/** Number 1 is the row of the greatest values; of equal ones `rank` gives them all the number 1, `row_number` one of them. */
export const rank = (by: 'rank' | 'row_number', key: readonly string[], order: readonly string[]): string =>
  `${by}() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${order.map((value) => `${value} DESC NULLS LAST`).join(', ')})`

/** What is sorted by stands beside the columns of a row, and some warehouses have only room for 1,664 of both. */
const SORTED_AT_ONCE = 100

/** One row `__r` of each key, that of the greatest values: sorted by some of them, and what is equal by the next. */
export function newest(
  { quote }: Pick<Dialect, 'quote'>,
  { names, from, key, order }: { names: string; from: string; key: readonly string[]; order: readonly SortKey[] },
): string {
  const keys = order.flat()
  let rows = from
  for (let at = 0; at < keys.length; at += SORTED_AT_ONCE) {
    const by = at + SORTED_AT_ONCE < keys.length ? 'rank' : 'row_number'
    rows = `(
  SELECT ${names}, ${rank(by, key, keys.slice(at, at + SORTED_AT_ONCE))} AS ${quote(RANK)}
  FROM ${rows}
) AS __r WHERE ${quote(RANK)} = 1`
  }
  return `SELECT ${names} FROM ${rows}`
}

/**
 * The columns by which versions of a row that were received at one time are told apart, in order. The overflow is last:
 * a call that is loaded again, now with a column for what overflowed, is then the greater version.
 */
export const versionColumns = (columns: readonly TypedColumn[]): TypedColumn[] =>
  columns
    .filter(({ name }) => name !== 'id' && name !== 'received_at')
    .sort(
      (a, b) => Number(a.name === OVERFLOW_COLUMN) - Number(b.name === OVERFLOW_COLUMN) || (a.name < b.name ? -1 : 1),
    )

/** A condition, and what holds where it is the first that is true. */
export type Case = [condition: string, holds: boolean]

export const firstTrue = (cases: readonly Case[], otherwise = false): string =>
  cases.length === 0
    ? `1 = ${Number(otherwise)}`
    : `CASE ${cases.map(([condition, holds]) => `WHEN ${condition} THEN ${Number(holds)}`).join(' ')} ELSE ${Number(otherwise)} END = 1`

/** Whether columns of one row are greater than those of another, the first that differ deciding; NULL is less than all. */
export const isGreater = (these: readonly SortKey[], those: readonly SortKey[]): string =>
  firstTrue(
    these.flatMap((keys, column): Case[] => {
      const others = those[column] ?? []
      return [
        [`${keys[0]} IS NOT NULL AND ${others[0]} IS NULL`, true],
        [`${keys[0]} IS NULL AND ${others[0]} IS NOT NULL`, false],
        ...keys.flatMap((key, position): Case[] => [
          [`${key} > ${others[position]}`, true],
          [`${key} < ${others[position]}`, false],
        ]),
      ]
    }),
  )
