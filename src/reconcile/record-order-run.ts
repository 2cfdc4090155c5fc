import type { Activation } from '../model/activation.ts'
import type { RunSummary } from '../model/status.ts'
import type { Scope } from '../plan/work-order.ts'
import { named } from './context.ts'
import { recordRun } from './record-run.ts'
import type { ResourceStore } from './store.ts'

/** The Job that a run was, in a cluster. */
export interface EndedJob {
  name: string
  /** The Jobs that have been recorded, this one among them: see `recordedJobs` of a space. */
  recorded: readonly string[]
}

/**
 * Puts a run into the status of its space, and of those activations that it was for with the rows of their tables.
 * `rowsOf` has the rows by table; undefined where they are not known: then all have the rows of the run.
 */
export async function recordOrderRun(
  store: ResourceStore,
  { namespace, space: spaceName, destination: destinationName }: Scope,
  summary: RunSummary,
  rowsOf: ReadonlyMap<string, number> | undefined,
  isFor: (activation: Activation) => boolean,
  job?: EndedJob,
): Promise<void> {
  const destination = named(await store.destinations(), namespace, destinationName)
  const limit = destination?.spec.sync.historyLimit ?? 1
  const run = { ...summary, destination: destinationName, ...(job ? { job: job.name } : {}) }
  for (const activation of await store.activations()) {
    const { metadata, spec, status } = activation
    if (!status || metadata.namespace !== namespace || !isFor(activation)) continue
    if (spec.spaceRef.name !== spaceName || spec.destinationRef.name !== destinationName) continue
    const rows = rowsOf && status.tables.reduce((sum, table) => sum + (rowsOf.get(table.name) ?? 0), 0)
    await store.writeStatus({
      ...activation,
      status: recordRun(status, { ...run, rows: rows ?? run.rows }, limit),
    })
  }
  // Last: a run that stands here is known to be everywhere, and is not recorded again.
  const space = named(await store.spaces(), namespace, spaceName)
  if (!space?.status) return
  const status = recordRun(space.status, run, limit)
  await store.writeStatus({ ...space, status: job ? { ...status, recordedJobs: [...job.recorded] } : status })
}
