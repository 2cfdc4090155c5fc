import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import { findNamed, fullName } from '../model/find-named.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { Reason } from '../model/reasons.ts'
import type { EngageSpace } from '../model/space.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { compileRules, named, type Resources, readResources, warehouseFor } from '../reconcile/context.ts'
import { loadableOrder } from '../reconcile/loadable-order.ts'
import { claimOf, destinationNotFound } from '../reconcile/space.ts'
import type { Warehouse } from '../warehouses/port.ts'
import type { Folder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { type FolderProblem, nameOf } from './problems.ts'

export interface PairOptions {
  /** Only this space and these destinations, each `NAME` or `NAMESPACE/NAME`; absent: all. */
  space?: string
  destinations?: readonly string[]
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
  const { spaces, isWanted, problems } = select(resources, options)
  const result: PairResults<R> = { runs: [], problems }
  for (const space of spaces) {
    for (const { name } of space.spec.destinations) {
      if (!isWanted(`${space.metadata.namespace}/${name}`)) continue
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
  const claim = claimOf(space, resources)
  if (claim || !destination) {
    const { reason, consequence, message } = claim ?? destinationNotFound(name)
    throw new EngageError(reason, consequence, message)
  }
  if (!space.status) {
    throw new EngageError('Reconciling', 'Wait', 'the space has no tables yet: run engageops apply, then sync')
  }
  const warehouse = await warehouseFor(context, destination)
  const order = loadableOrder(space, destination, resources.activations, compileRules(context, warehouse))
  const tempDir = join(stateDir, 'tmp')
  mkdirSync(tempDir, { recursive: true })
  return { space, order, warehouse, tempDir }
}

interface Selection {
  spaces: EngageSpace[]
  /** Whether a destination, `NAMESPACE/NAME`, is one of those. */
  isWanted(destination: string): boolean
  problems: FolderProblem[]
}

/** What was asked for. A name that stands for nothing, or for several, is a problem. */
function select(resources: Resources, { space, destinations }: PairOptions): Selection {
  const problems: FolderProblem[] = []
  const find = <R extends EngageResource>(
    kind: R['kind'],
    reason: Reason,
    all: readonly R[],
    names: readonly string[],
  ) =>
    names.flatMap((name) => {
      const named = findNamed(kind, all, name)
      if ('found' in named) return [named.found]
      problems.push({ resource: `${kind}/${name}`, reason, message: named.message })
      return []
    })
  const spaces =
    space === undefined ? resources.spaces : find('EngageSpace', 'SpaceNotFound', resources.spaces, [space])
  // The destinations of a space are in its namespace.
  const namespaces = new Set(space === undefined ? [] : spaces.map(({ metadata }) => metadata.namespace))
  const candidates = resources.destinations.filter(
    ({ metadata }) => namespaces.size === 0 || namespaces.has(metadata.namespace),
  )
  const wanted =
    destinations && find('WarehouseDestination', 'DestinationNotFound', candidates, destinations).map(fullName)
  return { spaces, isWanted: (destination) => wanted === undefined || wanted.includes(destination), problems }
}
