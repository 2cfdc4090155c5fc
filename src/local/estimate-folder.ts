import { warehouseFor } from '../reconcile/context.ts'
import { estimateMerges, type MergeEstimate } from '../reconcile/estimates.ts'
import type { Folder } from './folder.ts'
import type { FolderPlan } from './plan-folder.ts'

/** What the next sync of a space (`namespace/name`) would read in one of its warehouses, by table. */
export interface FolderEstimate {
  space: string
  destination: string
  merges: MergeEstimate[]
}

/** Estimates for the planned spaces, of those warehouses that are paid by what statements read. */
export async function estimateFolder({ context }: Folder, { plans }: FolderPlan): Promise<FolderEstimate[]> {
  const estimates: FolderEstimate[] = []
  for (const { space, destination, plan, pair } of plans) {
    const warehouse = await warehouseFor(context, pair.destination)
    const merges = await estimateMerges(warehouse, plan, context.now(), context.signal)
    if (merges.length > 0) estimates.push({ space, destination, merges })
  }
  return estimates
}
