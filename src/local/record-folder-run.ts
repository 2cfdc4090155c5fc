import type { RunSummary } from '../model/status.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { named } from '../reconcile/context.ts'
import { recordRun } from '../reconcile/record-run.ts'
import type { Folder } from './folder.ts'

/** Puts a run into the status of its space and of the activations that it was for. */
export async function recordFolderRun({ store }: Folder, order: WorkOrder, summary: RunSummary): Promise<void> {
  const { namespace } = order
  const destination = named(await store.destinations(), namespace, order.destination)
  const limit = destination?.spec.sync.historyLimit ?? 1
  const space = named(await store.spaces(), namespace, order.space)
  if (space?.status) await store.writeStatus({ ...space, status: recordRun(space.status, summary, limit) })
  const names = new Set([...order.storageActions, ...(order.classic?.activations ?? [])].map(({ name }) => name))
  for (const activation of await store.activations()) {
    const { metadata, status } = activation
    if (!status || metadata.namespace !== namespace || !names.has(metadata.name)) continue
    await store.writeStatus({ ...activation, status: recordRun(status, summary, limit) })
  }
}
