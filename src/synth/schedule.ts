import { Cron } from 'croner'

/** Runs that are looked at: those of a leap day and its neighbours lie further apart than the ones before them. */
const RUNS = 500
const START = new Date('2028-01-01T00:00:00Z')

/** The fewest minutes between two syncs of a valid schedule. */
export function leastMinutesBetween(schedule: string): number {
  const runs = new Cron(schedule, { mode: '5-part', timezone: 'Etc/UTC', paused: true }).nextRuns(RUNS, START)
  const gaps = runs.slice(1).map((run, index) => run.getTime() - (runs[index]?.getTime() ?? 0))
  return Math.min(...gaps) / 60_000
}
