import type { WorkOrder } from '../plan/work-order.ts'
import { recordOrderRun } from '../reconcile/record-order-run.ts'
import { type RunReport, summaryOf } from '../sync/report.ts'
import type { Folder } from './folder.ts'

/** Puts a run into the status of its space, and of the activations that it was for with the rows of their tables. */
export async function recordFolderRun({ store }: Folder, order: WorkOrder, report: RunReport): Promise<void> {
  const rowsOf = new Map(report.collections.map(({ collection, rows }) => [collection, rows]))
  const names = new Set([...order.storageActions, ...(order.classic?.activations ?? [])].map(({ name }) => name))
  await recordOrderRun(store, order, summaryOf(report), rowsOf, ({ metadata }) => names.has(metadata.name))
}
