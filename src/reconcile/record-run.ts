import { Cron } from 'croner'
import type { DestinationSpec } from '../model/destination.ts'
import type { Condition, RunSummary } from '../model/status.ts'
import { conditionsAfterRun, rfc3339 } from './conditions.ts'

/** The part of a status that runs change. */
export interface RunStatus {
  conditions: Condition[]
  lastSync?: RunSummary | undefined
  history: RunSummary[]
}

/** Puts a run into a status: newest first, as many as the limit says; a run that is there already is replaced. */
export function recordRun<S extends RunStatus>(status: S, summary: RunSummary, historyLimit: number): S {
  const others = status.history.filter(({ runId }) => runId !== summary.runId)
  const history = [summary, ...others].toSorted((a, b) => (a.end < b.end ? 1 : a.end > b.end ? -1 : 0))
  const [lastSync] = history
  return {
    ...status,
    conditions: conditionsAfterRun(status.conditions, lastSync),
    lastSync,
    history: history.slice(0, historyLimit),
  }
}

/** When the next scheduled sync is due; undefined while syncs are held back. */
export function nextSyncTime(
  { schedule, timeZone, suspend }: Pick<DestinationSpec['sync'], 'schedule' | 'timeZone' | 'suspend'>,
  now: Date,
): string | undefined {
  if (suspend) return undefined
  const next = new Cron(schedule, { mode: '5-part', timezone: timeZone, paused: true }).nextRun(now)
  return next ? rfc3339(next) : undefined
}
