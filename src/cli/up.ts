import { setTimeout as sleep } from 'node:timers/promises'
import { applyFolder } from '../local/apply-folder.ts'
import type { Folder } from '../local/folder.ts'
import { nextSyncTime } from '../reconcile/record-run.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interrupt.ts'
import { openManifests } from './manifests.ts'
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

/**
 * Applies what loses no data, syncs once, then on the schedules of the destinations, until Ctrl-C. A run that is under
 * way then commits what it has read; what it has not read is read next time. Runs never overlap: one that is due while
 * another is under way starts after it, once.
 */
export async function run(options: UpOptions): Promise<number> {
  const signal = interruption()
  let folder = await openManifests(options)
  const applied = await applyFolder(folder)
  process.stdout.write(`${counted(applied.resources.length, 'resource')} applied.\n`)
  sayProblems(applied.problems)
  await syncAll(folder, signal, undefined)
  while (!signal.aborted) {
    const due = await nextDue(folder)
    if (!due) {
      process.stdout.write('Every destination is suspended: nothing is left to do.\n')
      return EXIT.ok.code
    }
    process.stdout.write(`Next sync ${formatNext(due.time, new Date())}, at ${due.time}. Ctrl-C ends.\n`)
    await waitUntil(Date.parse(due.time), signal)
    if (signal.aborted) break
    folder = await openManifests(options)
    await syncAll(folder, signal, due.destinations)
  }
  process.stdout.write('Stopped; what was read is committed.\n')
  return EXIT.ok.code
}

async function syncAll(
  folder: Folder,
  signal: AbortSignal,
  destinations: ReadonlySet<string> | undefined,
): Promise<void> {
  const result = await syncWithProgress(folder, { signal, ...(destinations ? { destinations } : {}) })
  process.stdout.write(renderRuns(result.runs, hasColour(process.stdout)))
  sayProblems(result.problems)
}

/** The next time at which a destination is due, and all that are due then. */
async function nextDue({ store }: Folder): Promise<{ time: string; destinations: Set<string> } | undefined> {
  const now = new Date()
  const times = (await store.destinations()).flatMap(({ metadata, spec }) => {
    const time = nextSyncTime(spec.sync, now)
    return time === undefined ? [] : [{ name: metadata.name, time }]
  })
  const [first] = times.map(({ time }) => time).sort()
  if (first === undefined) return undefined
  return { time: first, destinations: new Set(times.filter(({ time }) => time === first).map(({ name }) => name)) }
}

async function waitUntil(time: number, signal: AbortSignal): Promise<void> {
  for (let left = time - Date.now(); left > 0 && !signal.aborted; left = time - Date.now()) {
    await sleep(Math.min(left, LONGEST_SLEEP_MS), undefined, { signal }).catch(() => undefined)
  }
}
