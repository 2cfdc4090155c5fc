import { join } from 'node:path'
import type { EngageResource } from '../model/kinds.ts'
import { FORCE_ORPHAN, reconcileActivation } from '../reconcile/activation.ts'
import { readResources } from '../reconcile/context.ts'
import { reconcileDestination } from '../reconcile/destination.ts'
import { reconcileSpace } from '../reconcile/space.ts'
import type { Folder } from './folder.ts'
import { lockFolder } from './lock.ts'
import { type FolderProblem, statusProblems } from './problems.ts'

/**
 * Deletes the resources that have left the folder: activations drop their own tables where their deletionPolicy says so.
 * What cannot be deleted now stays, with the reason, and is tried again by the next prune.
 */
export async function pruneFolder(
  { store, stateDir, context }: Folder,
  { forceOrphan = false }: { forceOrphan?: boolean } = {},
): Promise<{ pruned: EngageResource[]; problems: FolderProblem[] }> {
  using _lock = lockFolder(join(stateDir, 'lock'))
  const orphans = store.orphans()
  const resources = await readResources(store)
  const now = context.now()
  for (const orphan of orphans) store.markDeleted(orphan, now, forceOrphan ? { [FORCE_ORPHAN]: 'true' } : {})
  // Activations first: they may need the destination that leaves with them, so `resources` are those from before.
  for (const activation of await store.activations()) {
    if (activation.metadata.deletionTimestamp === undefined) continue
    await reconcileActivation(context, activation, resources, undefined)
  }
  const blocked = new Set(
    (await store.activations())
      .filter(({ metadata }) => metadata.deletionTimestamp !== undefined)
      .map(({ metadata, spec }) => `${metadata.namespace}/${spec.destinationRef.name}`),
  )
  for (const orphan of store.orphans()) {
    const isNeeded = blocked.has(`${orphan.metadata.namespace}/${orphan.metadata.name}`)
    if (orphan.kind === 'EngageSpace') await reconcileSpace(context, orphan, resources)
    if (orphan.kind === 'WarehouseDestination' && !isNeeded) await reconcileDestination(context, orphan, resources)
  }
  return {
    pruned: orphans.filter((orphan) => store.get(orphan) === undefined),
    problems: store.orphans().flatMap(statusProblems),
  }
}
