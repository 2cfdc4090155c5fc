import { setTimeout as sleep } from 'node:timers/promises'
import { applyFolder } from '../local/apply-folder.ts'
import { EngageError } from '../model/errors.ts'
import { nextSyncTime } from '../reconcile/next-sync.ts'
import { EXIT } from './exit-codes.ts'
import { describeFailure } from './failure.ts'
import { interruption } from './interrupt.ts'
import { InvalidManifests, openManifests } from './manifests.ts'
import { hasColour } from './output.ts'
import { sayProblems } from './plan.ts'
import { counted, formatNext } from './quantities.ts'
import { renderRuns } from './run-view.ts'
import { syncWithProgress } from './sync.ts'

export interface UpOptions {
  filename: string[]
  secrets?: string
}

/** A timer of Node cannot wait longer. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1

/** Next due time (RFC 3339) of every destination that is not suspended, by name. */
type Due = Map<string, string>

/**
 * Applies what loses no data, syncs once, then on the schedules of the destinations, until Ctrl-C. A run that is under
 * way then commits what it has read; what it has not read is read next time. Runs never overlap: one that is due while
 * another is under way starts after it, once. Manifests are read again before every run; what is wrong then is told, and
 * tried again at the next due time.
 */
export async function run(options: UpOptions): Promise<number> {
  const signal = interruption()
  const folder = await openManifests(options)
  const applied = await applyFolder(folder)
  process.stdout.write(`${counted(applied.resources.length, 'resource')} applied.\n`)
  sayProblems(applied.problems)
  let due = await schedule(options, new Map(), new Date())
  await syncDestinations(options, signal, new Set(due.keys()))
  while (!signal.aborted) {
    const [first] = [...due.values()].sort()
    if (first === undefined) {
      process.stdout.write('Every destination is suspended: nothing is left to do.\n')
      return EXIT.ok.code
    }
    process.stdout.write(`Next sync ${formatNext(first, new Date())}, at ${first}. Ctrl-C ends.\n`)
    await waitUntil(Date.parse(first), signal)
    if (signal.aborted) break
    const started = new Date()
    const names = new Set([...due].filter(([, time]) => Date.parse(time) <= started.getTime()).map(([name]) => name))
    await syncDestinations(options, signal, names)
    for (const name of names) due.delete(name)
    due = await schedule(options, due, started)
  }
  process.stdout.write('Stopped; what was read is committed.\n')
  return EXIT.ok.code
}

/** Keeps the due times that have not come yet, and finds those of all other destinations, after the given time. */
async function schedule(options: UpOptions, due: Due, after: Date): Promise<Due> {
  const next: Due = new Map()
  const found = await attempt(async () => (await openManifests(options)).store.destinations())
  if (!found) return due.size > 0 ? due : retryLater(after)
  for (const { metadata, spec } of found) {
    const time = nextSyncTime(spec.sync, after)
    if (time !== undefined) next.set(metadata.name, due.get(metadata.name) ?? time)
  }
  return next
}

/** Manifests that cannot be read now are read again in a minute. */
const retryLater = (now: Date): Due => new Map([['', new Date(now.getTime() + 60_000).toISOString()]])

async function syncDestinations(options: UpOptions, signal: AbortSignal, names: ReadonlySet<string>): Promise<void> {
  if (names.has('')) return
  await attempt(async () => {
    const result = await syncWithProgress(await openManifests(options), { signal, destinations: names })
    process.stdout.write(renderRuns(result.runs, hasColour(process.stdout)))
    sayProblems(result.problems)
  })
}

/** Does the work; what passes, such as another program at work or a manifest that is being edited, is only told. */
async function attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof EngageError) && !(error instanceof InvalidManifests)) throw error
    process.stderr.write(describeFailure(error, false).text)
    return undefined
  }
}

async function waitUntil(time: number, signal: AbortSignal): Promise<void> {
  for (let left = time - Date.now(); left > 0 && !signal.aborted; left = time - Date.now()) {
    await sleep(Math.min(left, LONGEST_SLEEP_MS), undefined, { signal }).catch(() => undefined)
  }
}
