import { createHash } from 'node:crypto'
import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import { keyOf } from '../kube/object.ts'
import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { EngageSpace } from '../model/space.ts'
import { mayHaveCronJob, type SchemaOutcome } from '../reconcile/space.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { answerRequest, type Beginning, isWaitingFor } from './answer-request.ts'
import { cronJobName } from './cron-job.ts'
import { refusalOf } from './refusal.ts'
import type { ResourceCache } from './resource-cache.ts'
import { CRON_JOBS, type CronJob, DESTINATION_LABEL, JOBS, type Job, SYNC_REQUESTED } from './resource-types.ts'
import { jobsOf } from './runs.ts'
import { isFinished, isOf } from './sync-children.ts'

export interface RunNowContext {
  client: KubeClient
  store: ResourceStore
  cronJobs: Pick<ResourceCache<CronJob>, 'get'>
  jobs: Pick<ResourceCache<Job>, 'all'>
}

/**
 * Starts the syncs that were asked for by annotation, on the space for all its destinations or on an activation for its
 * own, once for each value. `outcomes` are what has just become of the space in its destinations.
 */
export async function runRequested(
  context: RunNowContext,
  space: EngageSpace,
  activations: readonly Activation[],
  outcomes: readonly SchemaOutcome[],
): Promise<void> {
  const beginFor =
    (asked: EngageResource) =>
    async (destination: string, request: string): Promise<Beginning> => {
      const outcome = outcomes.find((one) => one.destination === destination)
      if (!outcome) return { never: `EngageSpace ${space.metadata.name} has no destination ${destination}` }
      const beginning = mayHaveCronJob(outcome)
        ? await start(context, space, destination, { asked, request })
        : undefined
      return beginning ?? whyNoCronJob(space, outcome)
    }
  await answerRequest(
    context.store,
    space,
    space.spec.destinations.map(({ name }) => name),
    beginFor(space),
  )
  for (const activation of activations)
    await answerRequest(context.store, activation, [activation.spec.destinationRef.name], beginFor(activation))
}

/** The same for a request on a destination: of all the spaces that are connected to it. */
export async function runRequestedOfDestination(
  context: RunNowContext,
  destination: WarehouseDestination,
  spaces: readonly EngageSpace[],
): Promise<void> {
  const connected = new Map(
    spaces.filter((space) => isConnected(space, destination)).map((space) => [space.metadata.name, space]),
  )
  await answerRequest(context.store, destination, [...connected.keys()], async (name, request) => {
    const space = connected.get(name)
    if (!space) return { never: `there is no EngageSpace ${name} any more` }
    const beginning = await start(context, space, destination.metadata.name, { asked: destination, request })
    if (beginning) return beginning
    const isLookedAt = space.status?.observedGeneration === space.metadata.generation
    return isLookedAt ? { never: `EngageSpace ${name} has no CronJob for it: its conditions say why` } : 'Waits'
  })
}

/** Whether a request on a destination waits for a space that need not be waited for any more, as no sync of it runs. */
export function isAwaited(
  { jobs }: Pick<RunNowContext, 'jobs'>,
  space: EngageSpace,
  destination: WarehouseDestination,
): boolean {
  const waits = isConnected(space, destination) && isWaitingFor(destination, space.metadata.name)
  return waits && !jobsOfPair(space, destination.metadata.name, jobs).some(({ status }) => !isFinished(status))
}

const isConnected = ({ metadata, spec }: EngageSpace, destination: WarehouseDestination): boolean =>
  metadata.namespace === destination.metadata.namespace &&
  metadata.deletionTimestamp === undefined &&
  spec.destinations.some(({ name }) => name === destination.metadata.name)

/** Why a space has no CronJob in a destination; where it may get one with the next try, the request waits for that. */
function whyNoCronJob({ metadata }: EngageSpace, outcome: SchemaOutcome): Beginning {
  const { destination } = outcome
  const of = `EngageSpace ${metadata.name} in WarehouseDestination ${destination}`
  if ('plan' in outcome) {
    return outcome.cronJob === undefined
      ? { never: `there is nothing to sync of ${of}: it needs a source, and an activation that lands there` }
      : 'Waits'
  }
  const { consequence, message } = outcome.trouble
  return consequence === 'Retry' ? 'Waits' : { never: `there is nothing to sync of ${of} yet: ${message}` }
}

/** The value of an annotation, and the resource that has it: another one may have the same value, and means another sync. */
interface SyncRequest {
  asked: EngageResource
  request: string
}

/** Makes the Job of a request, unless it was made before or another runs; undefined where there is no CronJob. */
async function start(
  context: RunNowContext,
  space: EngageSpace,
  destination: string,
  { asked, request }: SyncRequest,
): Promise<Beginning | undefined> {
  const { namespace, name } = space.metadata
  const cronJob = await find(context, { namespace, name: cronJobName(name, destination) })
  if (!cronJob || !isOf(cronJob, space)) return undefined
  const identity = JSON.stringify([asked.kind, asked.metadata.name, request])
  const jobName = `${cronJob.metadata.name}-${createHash('sha256').update(identity).digest('hex').slice(0, 8)}`
  const jobs = jobsOfPair(space, destination, context.jobs)
  if (jobs.some(({ metadata }) => metadata.name === jobName)) return 'Started'
  if (jobs.some(({ status }) => !isFinished(status))) return 'Waits'
  try {
    await context.client.create(JOBS, jobFrom(cronJob, jobName, request))
  } catch (error) {
    if (isConflict(error)) return 'Started'
    const refusal = refusalOf(error, `Job ${jobName}`, destination)
    if (!refusal) throw error
    return { never: refusal.message }
  }
  return 'Started'
}

const jobsOfPair = (space: EngageSpace, destination: string, jobs: RunNowContext['jobs']): Job[] =>
  jobsOf(space, jobs).filter(({ metadata }) => metadata.labels?.[DESTINATION_LABEL] === destination)

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
