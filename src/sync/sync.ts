import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { isBehind, marksAfter } from '../sources/listing.ts'
import type { Source, SourceObject } from '../sources/port.ts'
import type { Warehouse } from '../warehouses/port.ts'
import { type Mirror, type MirrorStore, mirrorKey, orderHash } from './mirror.ts'
import { type CollectionReport, Notices, type RunReport, statusOf } from './report.ts'
import { Run } from './run.ts'

export interface SyncInput {
  order: WorkOrder
  warehouse: Warehouse
  /** The order's sources, opened; the caller closes them. */
  sources: readonly Source[]
  mirror: MirrorStore
  /** Folder for stage files, which are deleted when they were loaded. */
  tempDir: string
  /** Who runs this, for the lease: such as host and process id. */
  holder: string
  now?: () => Date
  runId?: string
  /** Stop soon: what was read is committed, the rest is left for the next run. */
  signal?: AbortSignal
  onProgress?: (progress: SyncProgress) => void
  /** Size at which a segment is committed, in bytes of stage files. Default: the warehouse's. */
  segmentBytes?: number
}

export interface SyncProgress {
  calls: number
  bytes: number
  /** Stored bytes of all objects that may have something new; compressed ones are larger when read. */
  totalBytes: number
}

/** What is to be read: an object of a source that may have something new. */
export interface Work {
  source: Source
  object: SourceObject
}

/**
 * One run: everything new of all sources of a space into one warehouse. Never throws for what can go wrong out there:
 * the report says it, and what was committed stays. Running again goes on where the last commit stood.
 */
export async function sync(input: SyncInput): Promise<RunReport> {
  const now = input.now ?? (() => new Date())
  const runId = input.runId ?? randomUUID()
  const start = now().toISOString()
  const notices = new Notices()
  let run: Run | undefined
  let error: EngageError | undefined
  const fail = (thrown: unknown) => {
    if (!(thrown instanceof EngageError)) throw thrown
    error ??= thrown
    notices.say('Error', `${thrown.reason}: ${thrown.message}`)
  }
  try {
    const hash = orderHash(input.order)
    const mirror = await input.mirror.read(input.order.scope)
    const fresh: Mirror = { order: hash, stamps: {} }
    const known = mirror?.order === hash ? mirror : undefined
    const work = await findWork(input.sources, known, fresh, start.slice(0, 10))
    if (work.length > 0 || mirror?.order !== hash) {
      const directory = await mkdtemp(join(input.tempDir, 'stage-'))
      let isComplete = false
      try {
        run = await Run.open({ ...input, now, runId, notices, directory })
        const { complete, unreadable } = await run.read(work)
        await run.finish(start)
        error = unreadable
        isComplete = complete
      } catch (thrown) {
        fail(thrown)
        await run?.recordFailure(start)
      } finally {
        await run?.close()
        await rm(directory, { recursive: true, force: true })
      }
      if (isComplete) await input.mirror.write(input.order.scope, fresh)
    }
  } catch (thrown) {
    fail(thrown)
  }
  return report(input.order, { runId, start, end: now().toISOString(), notices, run, error })
}

/** Objects whose stamp is not the mirror's; `fresh` gets the stamps as they are now, of what will be listed again. */
async function findWork(
  sources: readonly Source[],
  mirror: Mirror | undefined,
  fresh: Mirror,
  today: string,
): Promise<Work[]> {
  const work: Work[] = []
  fresh.marks = {}
  for (const source of sources) {
    const known = mirror?.marks?.[source.name] ?? {}
    const objects = await source.list(known)
    objects.sort((a, b) => (a.key < b.key ? -1 : 1))
    const marks = marksAfter(
      objects.flatMap(({ dated }) => dated ?? []),
      known,
      today,
    )
    fresh.marks[source.name] = marks
    for (const object of objects) {
      const key = mirrorKey(source.name, object.key)
      if (!object.dated || !isBehind(object.dated, marks)) fresh.stamps[key] = object.stamp
      if (mirror?.stamps[key] !== object.stamp) work.push({ source, object })
    }
  }
  return work
}

function report(
  order: WorkOrder,
  parts: {
    runId: string
    start: string
    end: string
    notices: Notices
    run: Run | undefined
    error: EngageError | undefined
  },
): RunReport {
  const { run, error } = parts
  const collections: CollectionReport[] = run?.collections() ?? []
  const rows = collections.reduce((sum, collection) => sum + collection.rows, 0)
  const notices = parts.notices.all()
  return {
    runId: parts.runId,
    scope: order.scope,
    start: parts.start,
    end: parts.end,
    status: statusOf(rows, notices),
    rows,
    notices: notices.slice(0, 20),
    collections,
    calls: run?.calls ?? 0,
    unrouted: run?.unrouted ?? 0,
    bytes: run?.bytes ?? 0,
    opened: run !== undefined,
    ...(error ? { error: { reason: error.reason, consequence: error.consequence, message: error.message } } : {}),
  }
}
