import { Cron } from 'croner'
import type { DestinationSpec } from '../model/destination.ts'
import { rfc3339 } from './conditions.ts'

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
