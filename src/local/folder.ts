import { hostname } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { EngageResource } from '../model/kinds.ts'
import { formatError, loadManifests, type Manifests } from '../model/load.ts'
import type { WarehouseBlock } from '../model/warehouse-block.ts'
import type { ReconcileContext } from '../reconcile/context.ts'
import type { Warehouse, WarehouseEnvironment } from '../warehouses/port.ts'
import { openWarehouse } from '../warehouses/registry.ts'
import { installationOf } from './installation.ts'
import { LocalStore } from './local-store.ts'
import { StateFiles } from './resource-state.ts'
import { withoutNewFiles } from './without-new-files.ts'

export interface FolderOptions {
  /** The manifests, where they are not all of the folder. */
  manifests?: Manifests
  /** Folder of secrets, `<name>/<key>`; the environment variables ENGAGEOPS_SECRET_<NAME>_<KEY> are read too. */
  secretsDir?: string
  environment?: Readonly<Record<string, string | undefined>>
  now?: () => Date
  signal?: AbortSignal
  /** Default: the drivers of this build. */
  openWarehouse?: (block: WarehouseBlock, environment: WarehouseEnvironment) => Promise<Warehouse>
}

/** A folder of manifests with its state below `.engageops/`. */
export interface Folder {
  dir: string
  stateDir: string
  store: LocalStore
  context: ReconcileContext
  /** What people should know: notes of the loader, state files that were lost. */
  notes: string[]
}

/** Reads a folder; nothing is written. Throws InvalidSpec where a manifest has an error: all of them are in the message. */
export async function openFolder(dir: string, options: FolderOptions = {}): Promise<Folder> {
  const manifests = options.manifests ?? loadManifests([dir])
  if (manifests.errors.length > 0) {
    throw new EngageError('InvalidSpec', 'Stalled', manifests.errors.map(formatError).join('\n'))
  }
  const now = options.now ?? (() => new Date())
  const stateDir = join(dir, '.engageops')
  const files = new StateFiles(join(stateDir, 'state'))
  const { states, notes } = files.readAll()
  const store = new LocalStore({
    files,
    states,
    applied: manifests.resources.map(({ resource, file }) => ({
      resource,
      baseDir: relative(dir, dirname(file)) || '.',
    })),
    secrets: {
      environment: options.environment ?? process.env,
      ...(options.secretsDir === undefined ? {} : { directory: options.secretsDir }),
    },
    now: now(),
  })
  const context = {
    store,
    mode: 'Local' as const,
    openWarehouse: options.openWarehouse ?? openWarehouse,
    baseDirOf: (resource: EngageResource) => resolve(dir, store.baseDirOf(resource)),
    // The folder, not the process: what a killed one held is free for the next, and the folder's lock keeps two apart.
    holder: `${hostname()}:${resolve(dir)}`,
    now,
    ...(options.signal ? { signal: options.signal } : {}),
  }
  const installationId = await withoutNewFiles(context, (untouched) => installationOf(stateDir, untouched))
  return { dir, stateDir, store, context: { ...context, installationId }, notes }
}
