import type { WorkOrder } from '../plan/work-order.ts'
import { named } from '../reconcile/context.ts'
import { recordRun } from '../reconcile/record-run.ts'
import { type RunReport, summaryOf } from '../sync/report.ts'
import type { Folder } from './folder.ts'

/** Puts a run into the status of its space, and of the activations that it was for with the rows of their tables. */
export async function recordFolderRun({ store }: Folder, order: WorkOrder, report: RunReport): Promise<void> {
  const { namespace } = order
  const summary = summaryOf(report)
  const rowsOf = new Map(report.collections.map(({ collection, rows }) => [collection, rows]))
  const destination = named(await store.destinations(), namespace, order.destination)
  const limit = destination?.spec.sync.historyLimit ?? 1
  const space = named(await store.spaces(), namespace, order.space)
  if (space?.status) await store.writeStatus({ ...space, status: recordRun(space.status, summary, limit) })
  const names = new Set([...order.storageActions, ...(order.classic?.activations ?? [])].map(({ name }) => name))
  for (const activation of await store.activations()) {
    const { metadata, status } = activation
    if (!status || metadata.namespace !== namespace || !names.has(metadata.name)) continue
    const rows = status.tables.reduce((sum, table) => sum + (rowsOf.get(table.name) ?? 0), 0)
    await store.writeStatus({ ...activation, status: recordRun(status, { ...summary, rows }, limit) })
  }
}
