import type { EngageResource } from '../model/kinds.ts'
import type { Notice, RunSummary } from '../model/status.ts'
import { formatCount, formatDuration, formatNext } from './quantities.ts'
import { RUN_STYLE, type ViewOptions } from './status-view.ts'
import { renderTable } from './table.ts'

/** A space or an activation: the kinds that have runs. */
export type SyncedResource = Exclude<EngageResource, { kind: 'WarehouseDestination' }>

/** Segment's sync history: past runs of each resource, newest first, and when the next one is due. */
export function renderHistory(resources: readonly SyncedResource[], { now, colour = false }: ViewOptions): string {
  return resources
    .map(({ kind, metadata, status }) => {
      const runs = status?.history ?? []
      const past = runs.length > 0 ? renderRuns(runs, colour) : 'No sync has run yet.\n'
      return `${kind} ${metadata.namespace}/${metadata.name}\n${past}${nextSync(status?.nextSyncTime, now)}`
    })
    .join('\n')
}

const renderRuns = (runs: readonly RunSummary[], colour: boolean): string =>
  renderTable(
    ['run', 'start', 'duration', 'status', 'rows', 'notices'],
    runs.map(({ runId, start, end, status, rows, notices }) => [
      runId,
      start,
      formatDuration(Date.parse(end) - Date.parse(start)),
      { text: status, style: RUN_STYLE[status] },
      formatCount(rows),
      noticeSummary(notices),
    ]),
    colour,
  )

/** The first notice, which is the gravest, and how many more there are. */
function noticeSummary([first, ...others]: readonly Notice[]): string {
  if (!first) return '<none>'
  const times = first.count > 1 ? ` (${formatCount(first.count)} times)` : ''
  return `${first.message}${times}${others.length > 0 ? `, and ${others.length} more` : ''}`
}

const nextSync = (time: string | undefined, now: Date): string =>
  time === undefined ? 'Next sync: <none>\n' : `Next sync: ${time} (${formatNext(time, now)})\n`
