import type { LogicalType } from '../../model/table.ts'
import { type MergeDialect, mergesOf } from '../merge.ts'
import type { Dialect } from '../port.ts'
import { deleteMatched, mergeInto } from '../upsert.ts'
import { addColumns, change } from './change.ts'
import { identifiers } from './limits.ts'
import { literal, logicalType, quote, sqlType, table } from './sql.ts'

/** Delta widens integers to decimals in place, and nothing to text. Json is text already. */
const WIDENINGS: Partial<Record<LogicalType, LogicalType>> = { Integer: 'Decimal', Json: 'String' }

const merging: MergeDialect = {
  quote,
  table,
  literal,
  textKeys: (expression, type) => [sqlType(type) === 'STRING' ? expression : `CAST(${expression} AS STRING)`],
  onlyOf: (expression) => `max(${expression})`,
  upsert: mergeInto,
  remove: deleteMatched,
}

export const dialect: Dialect = {
  identifiers,
  quote,
  table,
  literal,
  sqlType,
  logicalType,
  canWiden: (from, to) => WIDENINGS[from] === to,
  change,
  addColumns,
  ...mergesOf(merging),
}
