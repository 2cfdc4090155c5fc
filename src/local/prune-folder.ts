import { join } from 'node:path'
import type { EngageResource } from '../model/kinds.ts'
import type { Trouble } from '../reconcile/conditions.ts'
import { readResources } from '../reconcile/context.ts'
import { deleteActivation, FORCE_ORPHAN, planDeletions } from '../reconcile/delete-activation.ts'
import { reconcileDestination } from '../reconcile/destination.ts'
import { reconcileSpace } from '../reconcile/space.ts'
import type { Folder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { type FolderProblem, isStaying, statusProblems } from './problems.ts'
import { keyOf } from './resource-state.ts'
import { withoutNewFiles } from './without-new-files.ts'

export interface PruneOptions {
  /** Releases activations that are to drop their tables, and keeps the tables: the warehouse is not needed. */
  forceOrphan?: boolean
  /** Resources that stay for now, by `keyOf`: see waitingForApproval. */
  held?: ReadonlySet<string>
}

/** A resource that has left the folder, and the tables that are dropped with it, or why nobody can tell. */
export interface PlannedDeletion {
  resource: EngageResource
  tables: string[]
  trouble?: Trouble
}

/** What a prune would delete; touches nothing, here or in the warehouses. */
export async function planPrune(
  { store, context }: Folder,
  { forceOrphan = false }: PruneOptions = {},
): Promise<PlannedDeletion[]> {
  const orphans = store.orphans()
  const activations = forceOrphan ? [] : orphans.filter((orphan) => orphan.kind === 'Activation')
  const resources = await readResources(store)
  const planned = await withoutNewFiles(context, (untouched) => planDeletions(untouched, activations, resources))
  return orphans.map((resource) => {
    const found = (resource.kind === 'Activation' && planned.get(resource)) || []
    return Array.isArray(found) ? { resource, tables: found } : { resource, tables: [], trouble: found }
  })
}

/** Deletions that lose data, or may where nobody can tell, with those of what these need: they wait until somebody approves. */
export function waitingForApproval(deletions: readonly PlannedDeletion[]): PlannedDeletion[] {
  const lossy = deletions.filter(({ tables, trouble }) => tables.length > 0 || trouble !== undefined)
  const waiting = new Set(lossy.flatMap(({ resource }) => [keyOf(resource), ...referencesOf(resource)]))
  return deletions.filter(({ resource }) => waiting.has(keyOf(resource)))
}

function referencesOf(resource: EngageResource): string[] {
  if (resource.kind !== 'Activation') return []
  const { metadata, spec } = resource
  return [
    `EngageSpace/${metadata.namespace}/${spec.spaceRef.name}`,
    `WarehouseDestination/${metadata.namespace}/${spec.destinationRef.name}`,
  ]
}

/**
 * Deletes the resources that have left the folder: activations drop their own tables where their deletionPolicy says so.
 * What cannot be deleted now stays, with the reason, and is tried again by the next prune.
 */
export async function pruneFolder(
  { store, stateDir, context }: Folder,
  { forceOrphan = false, held = new Set() }: PruneOptions = {},
): Promise<{ pruned: EngageResource[]; dropped: string[]; problems: FolderProblem[] }> {
  using _lock = lockFolder(join(stateDir, 'lock'))
  const isHeld = (resource: EngageResource) => held.has(keyOf(resource))
  const orphans = store.orphans().filter((orphan) => !isHeld(orphan))
  const resources = await readResources(store)
  const now = context.now()
  const remove = (orphan: EngageResource) =>
    store.markDeleted(orphan, now, forceOrphan ? { [FORCE_ORPHAN]: 'true' } : {})
  // Activations first: they may need the destination that leaves with them, which is not deleted before they are gone.
  const dropped: string[] = []
  for (const orphan of orphans) if (orphan.kind === 'Activation') remove(orphan)
  const leaving = () => store.orphans().filter((orphan) => !isStaying(orphan) && !isHeld(orphan))
  for (const orphan of leaving()) {
    if (orphan.kind === 'Activation') dropped.push(...(await deleteActivation(context, orphan, resources)))
  }
  const blocked = new Set(
    (await store.activations())
      .filter((activation) => !isStaying(activation))
      .map(({ metadata, spec }) => `${metadata.namespace}/${spec.destinationRef.name}`),
  )
  const isNeeded = ({ kind, metadata }: EngageResource) =>
    kind === 'WarehouseDestination' && blocked.has(`${metadata.namespace}/${metadata.name}`)
  for (const orphan of orphans) if (orphan.kind !== 'Activation' && !isNeeded(orphan)) remove(orphan)
  for (const orphan of leaving()) {
    if (orphan.kind === 'EngageSpace') await reconcileSpace(context, orphan, resources)
    if (orphan.kind === 'WarehouseDestination') await reconcileDestination(context, orphan, resources)
  }
  return {
    pruned: orphans.filter((orphan) => store.get(orphan) === undefined),
    dropped,
    problems: leaving().flatMap(statusProblems),
  }
}
