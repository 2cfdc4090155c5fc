import { createHash } from 'node:crypto'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import { keyOf } from '../kube/object.ts'
import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { EngageSpace } from '../model/space.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { cronJobName } from './cron-job.ts'
import type { ResourceCache } from './resource-cache.ts'
import { CRON_JOBS, type CronJob, DESTINATION_LABEL, JOBS, type Job, SYNC_REQUESTED } from './resource-types.ts'
import { jobsOf } from './runs.ts'
import { isFinished, isOf } from './sync-children.ts'

export interface RunNowContext {
  client: KubeClient
  store: ResourceStore
  cronJobs: ResourceCache<CronJob>
  jobs: ResourceCache<Job>
}

/**
 * Starts the syncs that were asked for by annotation, on the space for all its destinations or on an activation for its
 * own, once for each value. While a sync of the same pair runs the request waits; the end of that Job brings it back here.
 */
export async function runRequested(
  context: RunNowContext,
  space: EngageSpace,
  activations: readonly Activation[],
): Promise<void> {
  const { store } = context
  const request = requestOf(space)
  if (request !== undefined && space.status) {
    const started = await startAll(
      context,
      space,
      space.spec.destinations.map(({ name }) => name),
      request,
    )
    if (started) await store.writeStatus({ ...space, status: { ...space.status, lastHandledSyncRequest: request } })
  }
  for (const activation of activations) {
    const wanted = requestOf(activation)
    if (wanted === undefined || !activation.status) continue
    if (!(await startAll(context, space, [activation.spec.destinationRef.name], wanted))) continue
    await store.writeStatus({ ...activation, status: { ...activation.status, lastHandledSyncRequest: wanted } })
  }
}

/**
 * The same for a request on a destination: of all the spaces that are connected to it. The result tells whether some
 * could not be started yet, because a sync of theirs still runs.
 */
export async function runRequestedOfDestination(
  context: RunNowContext,
  destination: WarehouseDestination,
  spaces: readonly EngageSpace[],
): Promise<'Done' | 'Waiting'> {
  const request = requestOf(destination)
  if (request === undefined || !destination.status) return 'Done'
  const { name } = destination.metadata
  let all = true
  for (const space of spaces) {
    const isConnected = space.spec.destinations.some((connection) => connection.name === name)
    const isHere = space.metadata.namespace === destination.metadata.namespace
    if (isConnected && isHere) all = (await start(context, space, name, request)) && all
  }
  if (!all) return 'Waiting'
  const status = { ...destination.status, lastHandledSyncRequest: request }
  await context.store.writeStatus({ ...destination, status })
  return 'Done'
}

/** A request that was not handled yet. */
function requestOf({ metadata, status }: EngageResource): string | undefined {
  const request = metadata.annotations?.[SYNC_REQUESTED]
  return request === status?.lastHandledSyncRequest ? undefined : request?.slice(0, 255)
}

/** Whether a Job was made, or had been, for each of the destinations. */
async function startAll(
  context: RunNowContext,
  space: EngageSpace,
  destinations: readonly string[],
  request: string,
): Promise<boolean> {
  let all = true
  for (const destination of destinations) all = (await start(context, space, destination, request)) && all
  return all
}

async function start(
  context: RunNowContext,
  space: EngageSpace,
  destination: string,
  request: string,
): Promise<boolean> {
  const { namespace, name } = space.metadata
  const cronJob = await find(context, { namespace, name: cronJobName(name, destination) })
  if (!cronJob || !isOf(cronJob, space)) return false
  const jobName = `${cronJob.metadata.name}-${createHash('sha256').update(request).digest('hex').slice(0, 8)}`
  const running = jobsOf(space, context.jobs).filter((job) => job.metadata.labels?.[DESTINATION_LABEL] === destination)
  if (running.some(({ metadata }) => metadata.name === jobName)) return true
  if (running.some(({ status }) => !isFinished(status))) return false
  try {
    await context.client.create(JOBS, jobFrom(cronJob, jobName, request))
  } catch (error) {
    if (!isConflict(error)) throw error
  }
  return true
}

/** One that was just made is not in the cache yet. */
async function find(
  { cronJobs, client }: RunNowContext,
  name: { namespace: string; name: string },
): Promise<CronJob | undefined> {
  const known = cronJobs.get(keyOf(name))
  if (known) return known
  try {
    return await client.get<CronJob>(CRON_JOBS, name)
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

/**
 * The Job that `kubectl create job --from` would make. As there, it does not block the deletion of its CronJob: some
 * clusters allow that only with a right on `cronjobs/finalizers`.
 */
function jobFrom({ metadata, spec }: CronJob, name: string, request: string): Job {
  const { jobTemplate } = spec
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name,
      ...(metadata.namespace === undefined ? {} : { namespace: metadata.namespace }),
      ...(jobTemplate.metadata?.labels ? { labels: jobTemplate.metadata.labels } : {}),
      annotations: { 'cronjob.kubernetes.io/instantiate': 'manual', [SYNC_REQUESTED]: request },
      ownerReferences: [
        {
          apiVersion: 'batch/v1',
          kind: 'CronJob',
          name: metadata.name,
          uid: metadata.uid ?? '',
          controller: true,
        },
      ],
    },
    spec: jobTemplate.spec,
  }
}
