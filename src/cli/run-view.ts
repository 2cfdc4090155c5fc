import type { Notice } from '../model/status.ts'
import type { RunReport } from '../sync/report.ts'
import { counted, formatCount, formatDuration, shortList } from './quantities.ts'
import { RUN_STYLE } from './status-view.ts'
import { paint, printable, renderTable, type Style } from './table.ts'

const NOTICE_STYLE: Record<Notice['level'], Style> = { Info: 'dim', Warning: 'yellow', Error: 'red' }

/** What runs did: a line for each, its tables below, then what people should know. */
export function renderRuns(runs: readonly RunReport[], colour: boolean): string {
  return runs.map((run) => renderRun(run, colour)).join('\n')
}

function renderRun(run: RunReport, colour: boolean): string {
  const duration = formatDuration(Date.parse(run.end) - Date.parse(run.start))
  const what =
    run.opened || run.error
      ? `${counted(run.calls, 'call')} read, ${counted(run.rows, 'row')} written in ${duration}`
      : 'nothing new'
  const head = `${run.scope}   ${paint(run.status, RUN_STYLE[run.status], colour)}   ${what}\n`
  const tables = run.collections.map(({ collection, rows, discards, newColumns }) => [
    collection,
    formatCount(rows),
    formatCount(discards),
    shortList(newColumns.map(({ name }) => name)),
  ])
  const notices = run.notices.map(
    ({ level, message, count }) =>
      `${paint(level.toLowerCase(), NOTICE_STYLE[level], colour)}: ${printable(message)}${count > 1 ? ` (${formatCount(count)} times)` : ''}\n`,
  )
  const table = tables.length > 0 ? renderTable(['table', 'rows', 'discards', 'new columns'], tables, colour) : ''
  return head + table + notices.join('')
}
