import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { EngageSpace } from '../model/space.ts'
import { named, type Resources, readResources, warehouseFor } from '../reconcile/context.ts'
import { loadableOrder } from '../reconcile/loadable-order.ts'
import { claimOf, destinationNotFound } from '../reconcile/space.ts'
import type { SourceEnvironment } from '../sources/port.ts'
import { openSource } from '../sources/registry.ts'
import type { RunReport } from '../sync/report.ts'
import { type SyncProgress, sync } from '../sync/sync.ts'
import type { Folder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { MirrorFiles } from './mirror-files.ts'
import { type FolderProblem, nameOf } from './problems.ts'
import { recordFolderRun } from './record-folder-run.ts'

export interface SyncFolderOptions {
  /** Only spaces and destinations of these names; absent: all. */
  space?: string
  destinations?: ReadonlySet<string>
  signal?: AbortSignal
  /** Size of a segment: see SyncInput. */
  segmentBytes?: number
  onProgress?: (scope: string, progress: SyncProgress) => void
  onRun?: (report: RunReport) => void
}

export interface SyncFolderResult {
  runs: RunReport[]
  /** What could not even be started. */
  problems: FolderProblem[]
}

/**
 * Syncs every space of the folder into each of its destinations, one after the other: one that fails does not stop the
 * others. What was never applied is not synced. Throws LeaseHeld where another program works on the same folder.
 */
export async function syncFolder(folder: Folder, options: SyncFolderOptions = {}): Promise<SyncFolderResult> {
  using _lock = lockFolder(join(folder.stateDir, 'lock'))
  folder.store.refresh()
  const resources = await readResources(folder.store)
  const result: SyncFolderResult = { runs: [], problems: unknownNames(resources, options) }
  for (const space of resources.spaces) {
    if (options.space !== undefined && options.space !== space.metadata.name) continue
    for (const { name } of space.spec.destinations) {
      if (options.destinations && !options.destinations.has(name)) continue
      if (options.signal?.aborted) return result
      try {
        const report = await syncPair(folder, space, name, resources, options)
        result.runs.push(report)
        options.onRun?.(report)
      } catch (error) {
        if (!(error instanceof EngageError)) throw error
        result.problems.push({ resource: nameOf(space), reason: error.reason, message: error.message })
      }
    }
  }
  return result
}

async function syncPair(
  folder: Folder,
  space: EngageSpace,
  name: string,
  resources: Resources,
  { signal, segmentBytes, onProgress }: SyncFolderOptions,
): Promise<RunReport> {
  const { context, stateDir } = folder
  const destination = named(resources.destinations, space.metadata.namespace, name)
  const trouble = claimOf(space, resources) ?? (destination ? undefined : destinationNotFound(name))
  if (trouble || !destination) {
    const { reason, consequence, message } = trouble ?? destinationNotFound(name)
    throw new EngageError(reason, consequence, message)
  }
  if (!space.status) {
    throw new EngageError('Reconciling', 'Wait', 'the space has no tables yet: run engageops apply, then sync')
  }
  const warehouse = await warehouseFor(context, destination)
  const order = loadableOrder(space, destination, resources.activations, {
    identifiers: warehouse.dialect.identifiers,
    maxColumns: warehouse.capabilities.maxColumns,
    installationId: context.installationId,
  })
  const environment: SourceEnvironment = {
    baseDir: context.baseDirOf(space),
    secret: (reference) => context.store.secret(space.metadata.namespace, reference),
    ...(signal ? { signal } : {}),
  }
  const sources = order.sources.map((spec) => openSource(spec, environment))
  const tempDir = join(stateDir, 'tmp')
  mkdirSync(tempDir, { recursive: true })
  try {
    const report = await sync({
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
    if (report.opened || report.error) await recordFolderRun(folder, order, report)
    return report
  } finally {
    for (const source of sources) await source[Symbol.asyncDispose]()
  }
}

/** Names that were asked for and that nothing in the folder has. */
function unknownNames(
  { spaces, destinations }: Resources,
  { space, destinations: wanted }: SyncFolderOptions,
): FolderProblem[] {
  const names = (resources: readonly { metadata: { name: string } }[]) => resources.map(({ metadata }) => metadata.name)
  const problems: FolderProblem[] = []
  if (space !== undefined && !names(spaces).includes(space)) {
    const message = `there is no such EngageSpace; there is: ${names(spaces).join(', ')}`
    problems.push({ resource: `EngageSpace/${space}`, reason: 'SpaceNotFound', message })
  }
  for (const name of wanted ?? []) {
    if (names(destinations).includes(name)) continue
    const message = `there is no such WarehouseDestination; there is: ${names(destinations).join(', ')}`
    problems.push({ resource: `WarehouseDestination/${name}`, reason: 'DestinationNotFound', message })
  }
  return problems
}
