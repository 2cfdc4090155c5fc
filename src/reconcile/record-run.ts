import { Cron } from 'croner'
import type { DestinationSpec } from '../model/destination.ts'
import { type Condition, MOST_RUNS, type RecordedRun } from '../model/status.ts'
import { conditionsAfterRun, rfc3339 } from './conditions.ts'

/** The part of a status that runs change. */
export interface RunStatus {
  conditions: Condition[]
  lastSync?: RecordedRun | undefined
  history: RecordedRun[]
}

/**
 * Puts a run into a status: newest first, of its destination as many as the limit says; a run that is there already is
 * replaced. Runs of other destinations have limits of their own.
 */
export function recordRun<S extends RunStatus>(status: S, run: RecordedRun, historyLimit: number): S {
  const others = status.history.filter(({ runId }) => runId !== run.runId)
  const all = [run, ...others].toSorted((a, b) => (a.end < b.end ? 1 : a.end > b.end ? -1 : 0))
  const [lastSync] = all
  const outdated = new Set(all.filter(({ destination }) => destination === run.destination).slice(historyLimit))
  return {
    ...status,
    conditions: conditionsAfterRun(status.conditions, lastSync),
    lastSync,
    history: all.filter((one) => !outdated.has(one)).slice(0, MOST_RUNS),
  }
}

/** When the next scheduled sync is due; undefined while syncs are held back. */
export function nextSyncTime(
  { schedule, timeZone, suspend }: Pick<DestinationSpec['sync'], 'schedule' | 'timeZone' | 'suspend'>,
  now: Date,
): string | undefined {
  if (suspend) return undefined
  const next = nextRun(schedule, timeZone, now)
  return next && rfc3339(next)
}

/** The last answer for each schedule: thousands of activations ask alike, and finding one takes a tenth of a millisecond and more. */
const known = new Map<string, { asked: Date; next: Date | undefined }>()
const MOST_KNOWN = 1_000

function nextRun(schedule: string, timeZone: string, now: Date): Date | undefined {
  const key = `${schedule} ${timeZone}`
  const last = known.get(key)
  if (last?.next && last.asked <= now && now < last.next) return last.next
  const next = new Cron(schedule, { mode: '5-part', timezone: timeZone, paused: true }).nextRun(now) ?? undefined
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, { asked: now, next })
  return next
}
