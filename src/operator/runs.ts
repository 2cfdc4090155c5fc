import type { KubeClient } from '../kube/client.ts'
import { keyOf } from '../kube/object.ts'
import type { EngageSpace } from '../model/space.ts'
import type { RunSummary } from '../model/status.ts'
import { recordOrderRun } from '../reconcile/record-order-run.ts'
import type { ResourceStore } from '../reconcile/store.ts'
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
export function jobsOf({ metadata }: EngageSpace, jobs: ResourceCache<Job>): Job[] {
  return jobs.all().filter((job) => {
    return job.metadata.namespace === metadata.namespace && job.metadata.labels?.[SPACE_LABEL] === metadata.name
  })
}

export interface RunsContext {
  client: KubeClient
  store: ResourceStore
  jobs: ResourceCache<Job>
  onRun: (of: { namespace: string; space: string; destination: string }, run: RunSummary) => void
}

/** Puts the runs of Jobs that have ended into the status of the space and of its activations, each once, oldest first. */
export async function recordRuns(context: RunsContext, space: EngageSpace): Promise<void> {
  const history = space.status?.history ?? []
  const known = new Set(history.map(({ job }) => job))
  const oldest = history.at(-1)?.end ?? ''
  const limits = new Map(
    (await context.store.destinations()).map(({ metadata, spec }) => [keyOf(metadata), spec.sync.historyLimit]),
  )
  const isFull = ({ metadata }: Job) =>
    history.length >= (limits.get(`${metadata.namespace}/${metadata.labels?.[DESTINATION_LABEL]}`) ?? 1)
  const ended = jobsOf(space, context.jobs)
    .filter(({ metadata, status }) => isFinished(status) && !known.has(metadata.name))
    // What the history has no room for any more was in it once.
    .filter((job) => !isFull(job) || endOf(job) > oldest)
    .sort((a, b) => (endOf(a) < endOf(b) ? -1 : 1))
  for (const job of ended) {
    const { collections, ...summary } = await runOf(context.client, job)
    const { namespace, name } = space.metadata
    const destination = job.metadata.labels?.[DESTINATION_LABEL] ?? ''
    const rowsOf = collections && new Map(Object.entries(collections))
    await recordOrderRun(context.store, { namespace, space: name, destination }, summary, rowsOf, () => true)
    context.onRun({ namespace, space: name, destination }, summary)
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

const ending = (job: Job) =>
  job.status?.conditions?.find(({ type, status }) => status === 'True' && (type === 'Complete' || type === 'Failed'))

const endOf = (job: Job): string => job.status?.completionTime ?? ending(job)?.lastTransitionTime ?? ''

/** What became of a Job: the verdict of its last pod, or what Kubernetes says of it. */
async function runOf(client: KubeClient, job: Job): Promise<Verdict> {
  const { name, namespace, uid = name } = job.metadata
  const { items } = await client.list<Pod>(PODS, { namespace, labelSelector: `batch.kubernetes.io/job-name=${name}` })
  const endings = items
    .flatMap(({ status }) => status?.containerStatuses ?? [])
    .flatMap(({ state }) => state?.terminated ?? [])
    .sort((a, b) => ((a.finishedAt ?? '') < (b.finishedAt ?? '') ? 1 : -1))
  const verdict = endings.map(({ message }) => readVerdict(message)).find((found) => found !== undefined)
  if (verdict) return { ...verdict, job: name }

  const end = endOf(job)
  const { type, reason, message } = ending(job) ?? { type: 'Failed', reason: 'Unknown', message: '' }
  const pod = endings[0] ? `, its last pod ended with ${endings[0].exitCode} (${endings[0].reason ?? 'Error'})` : ''
  const summary: RunSummary = {
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
          ],
    job: name,
  }
  return summary
}
