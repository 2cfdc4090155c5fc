import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { EngageSpace } from '../model/space.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { named, type Resources, readResources, warehouseFor } from '../reconcile/context.ts'
import { loadableOrder } from '../reconcile/loadable-order.ts'
import { claimOf, destinationNotFound } from '../reconcile/space.ts'
import type { Warehouse } from '../warehouses/port.ts'
import type { Folder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { type FolderProblem, nameOf } from './problems.ts'

export interface PairOptions {
  /** Only spaces and destinations of these names; absent: all. */
  space?: string
  destinations?: ReadonlySet<string>
  signal?: AbortSignal
}

/** A space and one of its destinations, ready to be loaded. */
export interface FolderPair {
  space: EngageSpace
  order: WorkOrder
  warehouse: Warehouse
  /** Folder for files of a run. */
  tempDir: string
}

export interface PairResults<R> {
  runs: R[]
  /** What could not even be started. */
  problems: FolderProblem[]
}

/**
 * Does something with every space of the folder and each of its destinations, one after the other: one that fails does
 * not stop the others. What was never applied is left out. Throws LeaseHeld where another program works on the folder.
 */
export async function eachPair<R>(
  folder: Folder,
  options: PairOptions,
  work: (pair: FolderPair) => Promise<R>,
): Promise<PairResults<R>> {
  using _lock = lockFolder(join(folder.stateDir, 'lock'))
  folder.store.refresh()
  const resources = await readResources(folder.store)
  const result: PairResults<R> = { runs: [], problems: unknownNames(resources, options) }
  for (const space of resources.spaces) {
    if (options.space !== undefined && options.space !== space.metadata.name) continue
    for (const { name } of space.spec.destinations) {
      if (options.destinations && !options.destinations.has(name)) continue
      if (options.signal?.aborted) return result
      try {
        result.runs.push(await work(await openPair(folder, space, name, resources)))
      } catch (error) {
        if (!(error instanceof EngageError)) throw error
        result.problems.push({ resource: nameOf(space), reason: error.reason, message: error.message })
      }
    }
  }
  return result
}

async function openPair(
  { context, stateDir }: Folder,
  space: EngageSpace,
  name: string,
  resources: Resources,
): Promise<FolderPair> {
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
  const tempDir = join(stateDir, 'tmp')
  mkdirSync(tempDir, { recursive: true })
  return { space, order, warehouse, tempDir }
}

/** Names that were asked for and that nothing in the folder has. */
function unknownNames(
  { spaces, destinations }: Resources,
  { space, destinations: wanted }: PairOptions,
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
