import { join } from 'node:path'
import type { EngageResource } from '../model/kinds.ts'
import { scopeId, scopeOf } from '../plan/work-order.ts'
import { reconcileActivation } from '../reconcile/activation.ts'
import { type ReconcileContext, readResources } from '../reconcile/context.ts'
import { reconcileDestination } from '../reconcile/destination.ts'
import { reconcileSpace, type SchemaOutcome } from '../reconcile/space.ts'
import type { Folder } from './folder.ts'
import { keepInstallation } from './installation.ts'
import { lockFolder } from './lock.ts'
import { MirrorFiles } from './mirror-files.ts'
import { type FolderProblem, folderProblems, isStaying } from './problems.ts'

export interface ApplyOptions {
  /** Hashes of plans that may lose data and are approved now. */
  approvedPlans?: ReadonlySet<string>
}

export interface FolderResult {
  problems: FolderProblem[]
  /** Resources with their new status. */
  resources: EngageResource[]
}

/**
 * Makes the warehouses as the folder declares. One failing destination does not stop the others; all problems come back.
 * Throws LeaseHeld where another program applies the same folder.
 */
export async function applyFolder(folder: Folder, options: ApplyOptions = {}): Promise<FolderResult> {
  const { store, stateDir } = folder
  using _lock = lockFolder(join(stateDir, 'lock'))
  const context: ReconcileContext = {
    ...folder.context,
    ...(options.approvedPlans ? { approvedPlans: options.approvedPlans } : {}),
  }
  store.refresh()
  store.admit()
  keepInstallation(stateDir, context.installationId)
  for (const destination of (await store.destinations()).filter(isStaying)) {
    await reconcileDestination(context, destination, await readResources(store))
  }
  const mirrors = new MirrorFiles(stateDir)
  const outcomes = new Map<string, SchemaOutcome>()
  for (const space of (await store.spaces()).filter(isStaying)) {
    const { namespace, name } = space.metadata
    const resources = await readResources(store)
    const found = await reconcileSpace(context, space, resources, (_, plan) => {
      // A table that is made again is empty: what was read already is read again.
      if (plan.plan.changes.length > 0) mirrors.forget(plan.order.scope)
    })
    for (const outcome of found) {
      outcomes.set(scopeId({ namespace, space: name, destination: outcome.destination }), outcome)
    }
  }
  const resources = await readResources(store)
  for (const activation of resources.activations.filter(isStaying)) {
    await reconcileActivation(context, activation, resources, outcomes.get(scopeId(scopeOf(activation))))
  }
  return {
    problems: folderProblems(store),
    resources: store.all(),
  }
}
