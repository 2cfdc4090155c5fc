import type { WorkOrder } from '../plan/work-order.ts'
import { isBehind, marksAfter } from '../sources/listing.ts'
import type { Source, SourceObject } from '../sources/port.ts'
import type { Warehouse } from '../warehouses/port.ts'
import { type Mirror, type MirrorStore, mirrorKey, orderHash } from './mirror.ts'
import type { RunReport } from './report.ts'
import { reported } from './reported.ts'

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
  const { order, mirror, sources } = input
  return await reported(input, async (start, execute) => {
    const hash = orderHash(order)
    const before = await mirror.read(order.scope)
    const fresh: Mirror = { order: hash, stamps: {} }
    const known = before?.order === hash ? before : undefined
    const work = await findWork(sources, known, fresh, start.slice(0, 10))
    if (work.length === 0 && known) return
    const isComplete = await execute((run) => run.read(work))
    if (isComplete) await mirror.write(order.scope, fresh)
  })
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
