import { setTimeout as sleep } from 'node:timers/promises'
import { applyFolder } from '../local/apply-folder.ts'
import type { Folder } from '../local/folder.ts'
import { EngageError } from '../model/errors.ts'
import { fullName } from '../model/find-named.ts'
import { rfc3339 } from '../reconcile/conditions.ts'
import { nextSyncTime } from '../reconcile/next-sync.ts'
import { appliedSummary } from './apply.ts'
import { EXIT } from './exit-codes.ts'
import { describeFailure } from './failure.ts'
import { interruption } from './interrupt.ts'
import { InvalidManifests, openManifests } from './manifests.ts'
import { hasColour } from './output.ts'
import { sayProblems } from './plan.ts'
import { formatNext } from './quantities.ts'
import { renderRuns } from './run-view.ts'
import { syncWithProgress } from './sync.ts'

export interface UpOptions {
  filename: string[]
  secrets?: string
}

/** A timer of Node cannot wait longer. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1
/** How soon manifests that cannot be read are read again. */
const READ_AGAIN_MS = 60_000

/** Next due time (RFC 3339) of every destination that is not suspended, by namespace and name. */
type Due = ReadonlyMap<string, string>

/**
 * Applies what loses no data, syncs once, then on the schedules of the destinations, until Ctrl-C. A run that is under
 * way then commits what it has read; what it has not read is read next time. Runs never overlap: one that is due while
 * another is under way starts after it, once. Manifests are read again before every run; where they are wrong, that is
 * told once, and they are read again a minute later.
 */
export async function run(options: UpOptions): Promise<number> {
  const signal = interruption()
  const folder = await openManifests(options)
  const applied = await applyFolder(folder)
  process.stdout.write(`${appliedSummary(folder)}.\n`)
  sayProblems(applied.problems)
  let due = await dueAfter(new Date(), folder)
  await syncDestinations(folder, signal, [...due.keys()])
  while (!signal.aborted) {
    const [first] = [...due.values()].sort()
    if (first === undefined) {
      process.stdout.write('Every destination is suspended: nothing is left to do.\n')
      return EXIT.ok.code
    }
    process.stdout.write(`Next sync ${formatNext(first, new Date())}, at ${first}. Ctrl-C ends.\n`)
    await waitUntil(Date.parse(first), signal)
    if (signal.aborted) break
    due = await syncDue(options, signal, due)
  }
  process.stdout.write('Stopped; what was read is committed.\n')
  return EXIT.ok.code
}

/** Syncs the destinations that are due by now, as the manifests are now, and says when each is due next. */
async function syncDue(options: UpOptions, signal: AbortSignal, due: Due): Promise<Due> {
  const now = new Date()
  const isDue = (time: string | undefined) => time !== undefined && Date.parse(time) <= now.getTime()
  const folder = await attempt(() => openManifests(options))
  if (!folder) {
    const later = rfc3339(new Date(now.getTime() + READ_AGAIN_MS))
    return new Map([...due].map(([name, time]) => [name, isDue(time) ? later : time]))
  }
  const next = await dueAfter(now, folder)
  const names = [...next.keys()].filter((name) => isDue(due.get(name)))
  await syncDestinations(folder, signal, names)
  return next
}

async function dueAfter(now: Date, { store }: Folder): Promise<Due> {
  const destinations = await store.destinations()
  return new Map(
    destinations.flatMap((destination) => {
      const time = nextSyncTime(destination.spec.sync, now)
      return time === undefined ? [] : [[fullName(destination), time] as const]
    }),
  )
}

async function syncDestinations(folder: Folder, signal: AbortSignal, destinations: readonly string[]): Promise<void> {
  if (destinations.length === 0) return
  await attempt(async () => {
    const result = await syncWithProgress(folder, { signal, destinations })
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
