import { type Condition, MOST_RUNS, type RecordedRun } from '../model/status.ts'
import { conditionsAfterRun } from './conditions.ts'

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
