import type { KubeClient } from '../kube/client.ts'
import type { Activation } from '../model/activation.ts'
import type { EngageSpace } from '../model/space.ts'
import type { RunSummary } from '../model/status.ts'
import type { Scope } from '../plan/work-order.ts'
import { recordOrderRun } from '../reconcile/record-order-run.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { SYNC_CONTAINER } from './cron-job.ts'
import type { ResourceCache } from './resource-cache.ts'
import { DESTINATION_LABEL, type Job, PODS, type Pod, SPACE_LABEL } from './resource-types.ts'
import { isFinished } from './sync-children.ts'
import { readVerdict, type Verdict } from './termination-message.ts'

const EVENTS = {
  Success: ['Normal', 'SyncSucceeded'],
  Partial: ['Warning', 'SyncPartial'],
  Failure: ['Warning', 'SyncFailed'],
} as const

/** The Jobs that sync a space. */
export function jobsOf({ metadata }: EngageSpace, jobs: Pick<ResourceCache<Job>, 'all'>): Job[] {
  return jobs.all().filter((job) => {
    return job.metadata.namespace === metadata.namespace && job.metadata.labels?.[SPACE_LABEL] === metadata.name
  })
}

export interface RunsContext {
  client: KubeClient
  store: ResourceStore
  jobs: Pick<ResourceCache<Job>, 'all'>
  onRun: (of: Scope, run: RunSummary) => void
  /** Told of a Job whose last pod had no time to end well; says what the next one waits for. */
  onKilled: (of: Scope, job: string) => Promise<string | undefined>
}

/**
 * Puts the runs of Jobs that have ended into the status of the space and of its activations, oldest first, and each
 * once: the status tells which Jobs it has, of those that Kubernetes still keeps.
 */
export async function recordRuns(context: RunsContext, space: EngageSpace): Promise<void> {
  if (!space.status) return
  const { namespace, name } = space.metadata
  const ended = jobsOf(space, context.jobs)
    .filter(({ status }) => isFinished(status))
    .sort((a, b) => (endOf(a) < endOf(b) ? -1 : 1))
  const recorded = new Set(space.status.recordedJobs).intersection(new Set(ended.map(uidOf)))
  for (const job of ended.filter((one) => !recorded.has(uidOf(one)))) {
    const destination = job.metadata.labels?.[DESTINATION_LABEL] ?? ''
    const scope = { namespace, space: name, destination }
    const endings = await endingsOf(context.client, job)
    const verdict = readVerdict(endings[0]?.message)
    const wait = verdict ? undefined : await context.onKilled(scope, job.metadata.name)
    const earlier = endings.slice(1).flatMap(({ message }) => readVerdict(message) ?? [])
    const { collections, ...summary } = together(verdict ?? runOf(job, endings[0], wait), earlier)
    const rowsOf = collections && new Map(Object.entries(collections))
    recorded.add(uidOf(job))
    await recordOrderRun(context.store, scope, summary, rowsOf, wasFor(summary), {
      name: job.metadata.name,
      recorded: [...recorded],
    })
    context.onRun(scope, summary)
    const [type, reason] = EVENTS[summary.status]
    const why = summary.notices[0] ? `; ${summary.notices[0].message}` : ''
    await context.store.event(
      space,
      type,
      reason,
      `${job.metadata.name}: ${summary.rows} rows into ${destination}${why}`,
    )
  }
}

/** Whether a run may have been for an activation: those that were held back, or that came later, were in no work order. */
const wasFor =
  ({ start }: RunSummary) =>
  ({ metadata, spec }: Activation): boolean =>
    !spec.suspend && Date.parse(metadata.creationTimestamp ?? start) <= Date.parse(start)

const uidOf = ({ metadata }: Job): string => metadata.uid ?? metadata.name

const ending = (job: Job) =>
  job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))

const endOf = (job: Job): string => job.status?.completionTime ?? ending(job)?.lastTransitionTime ?? ''

type Ending = { exitCode: number; reason?: string; message?: string; finishedAt?: string }

/** How the syncs in the pods of a Job ended, the last one first. Sidecars have no say. */
async function endingsOf(client: KubeClient, { metadata }: Job): Promise<Ending[]> {
  const { name, namespace } = metadata
  const { items } = await client.list<Pod>(PODS, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` })
  return items
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .filter((container) => container.name === SYNC_CONTAINER)
    .flatMap(({ state }) => state?.terminated ?? [])
    .sort((a, b) => ((a.finishedAt ?? '') < (b.finishedAt ?? '') ? 1 : -1))
}

/** What Kubernetes says of a Job that left no verdict, and what the next one waits for. */
function runOf(job: Job, last: Ending | undefined, wait: string | undefined): Verdict {
  const { name, uid = name } = job.metadata
  const end = endOf(job)
  const { type, reason, message } = ending(job) ?? { type: 'Failed', reason: 'Unknown', message: '' }
  const pod = last ? `, its last pod ended with ${last.exitCode} (${last.reason ?? 'Error'})` : ''
  return {
    runId: uid,
    start: job.status?.startTime ?? end,
    end,
    status: type === 'Complete' ? 'Success' : 'Failure',
    rows: 0,
    notices:
      type === 'Complete'
        ? [{ level: 'Info', message: 'its pod is gone: what it did stands in the ledger', count: 1 }]
        : [
            {
              level: 'Error',
              message: `Job ${name} failed: ${reason ?? 'Failed'}: ${message ?? ''}${pod}`.slice(0, 1024),
              count: 1,
            },
            ...(wait === undefined ? [] : [{ level: 'Info' as const, message: wait, count: 1 }]),
          ],
  }
}

/** A pod that was evicted or failed has committed what it had read: its rows count too. */
function together(last: Verdict, earlier: readonly Verdict[]): Verdict {
  const all = [last, ...earlier]
  const [start = last.start] = all.map((verdict) => verdict.start).sort()
  const total: Verdict = { ...last, start, rows: all.reduce((sum, { rows }) => sum + rows, 0) }
  if (earlier.length === 0 || all.some(({ collections }) => !collections)) return total
  const collections: Record<string, number> = {}
  for (const verdict of all) {
    for (const [table, rows] of Object.entries(verdict.collections ?? {}))
      collections[table] = (collections[table] ?? 0) + rows
  }
  return { ...total, collections }
}
