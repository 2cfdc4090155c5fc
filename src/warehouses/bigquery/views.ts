import type { Table, View } from '../../model/table.ts'
import { dialect, isByDay } from './dialect.ts'

const SUFFIX = '_view'

/**
 * Segment's view beside a table: of the rows of one id the one that was loaded last, of calls of the last days only, since
 * each query of it reads them all. A table's name has 300 bytes at most, that of a view may have 1,024 characters.
 * Source: Segment, BigQuery destination (de-duplication, with `loaded_at`, which is `uuid_ts` here, and 60 days).
 */
export function viewOf(table: Table, lastDays: number): View {
  const { schema, name } = table
  const { quote } = dialect
  const reads = ['id', 'received_at', 'uuid_ts']
  const [id, receivedAt, loadedAt] = reads.map(quote)
  const since = `TIMESTAMP_TRUNC(TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL ${lastDays} DAY), DAY)`
  const lines = [
    `SELECT * FROM ${dialect.table(table)}`,
    ...(isByDay(table) ? [`WHERE ${receivedAt} >= ${since}`] : []),
    `QUALIFY ROW_NUMBER() OVER (PARTITION BY ${id} ORDER BY ${loadedAt} DESC, ${receivedAt} DESC) = 1`,
  ]
  return { schema, name: name + SUFFIX, of: { schema, name }, query: lines.join('\n'), reads }
}
