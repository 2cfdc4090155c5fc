import type { SourceEnvironment } from '../sources/port.ts'
import { openSource } from '../sources/registry.ts'
import { type ReplayReport, replay } from '../sync/replay.ts'
import type { RunReport } from '../sync/report.ts'
import { type SyncProgress, sync } from '../sync/sync.ts'
import { eachPair, type FolderPair, type PairOptions, type PairResults } from './each-pair.ts'
import type { Folder } from './folder.ts'
import { MirrorFiles } from './mirror-files.ts'
import { recordFolderRun } from './record-folder-run.ts'

export interface SyncFolderOptions extends PairOptions {
  /** Size of a segment: see SyncInput. */
  segmentBytes?: number
  onProgress?: (scope: string, progress: SyncProgress) => void
}

export type SyncFolderResult = PairResults<RunReport>

/** Syncs every space of the folder into each of its destinations: see eachPair. */
export async function syncFolder(folder: Folder, options: SyncFolderOptions = {}): Promise<SyncFolderResult> {
  return await eachPair(folder, options, async (pair) => {
    const report = await syncPair(folder, pair, options)
    if (report.opened || report.error) await recordFolderRun(folder, pair.order, report)
    return report
  })
}

/** Loads what the discards of every space and destination keep: see replay. */
export async function replayFolder(folder: Folder, options: PairOptions = {}): Promise<PairResults<ReplayReport>> {
  const { holder, now } = folder.context
  return await eachPair(folder, options, async ({ order, warehouse, tempDir }) => {
    const { signal } = options
    const report = await replay({ order, warehouse, tempDir, holder, now, ...(signal ? { signal } : {}) })
    await recordFolderRun(folder, order, report)
    return report
  })
}

async function syncPair(
  { context, stateDir }: Folder,
  { space, order, warehouse, tempDir }: FolderPair,
  { signal, segmentBytes, onProgress }: SyncFolderOptions,
): Promise<RunReport> {
  const environment: SourceEnvironment = {
    baseDir: context.baseDirOf(space),
    secret: (reference) => context.store.secret(space.metadata.namespace, reference),
    ...(signal ? { signal } : {}),
  }
  const sources = order.sources.map((spec) => openSource(spec, environment))
  try {
    return await sync({
      order,
      warehouse,
      sources,
      mirror: new MirrorFiles(stateDir),
      tempDir,
      holder: context.holder,
      now: context.now,
      ...(signal ? { signal } : {}),
      ...(segmentBytes === undefined ? {} : { segmentBytes }),
      ...(onProgress ? { onProgress: (progress: SyncProgress) => onProgress(order.scope, progress) } : {}),
    })
  } finally {
    for (const source of sources) await source[Symbol.asyncDispose]()
  }
}
