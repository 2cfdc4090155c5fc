import type { KubeClient } from '../kube/client.ts'
import { isConflict, isNotFound } from '../kube/errors.ts'
import type { KubeObject } from '../kube/object.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { EngageSpace } from '../model/space.ts'
import { warehouseOf } from '../model/warehouse-block.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { mayHaveCronJob, type SchemaOutcome } from '../reconcile/space.ts'
import { isAsDeclared } from './as-declared.ts'
import { cronJobName, type SyncImage, syncCronJob } from './cron-job.ts'
import { refusalOf } from './refusal.ts'
import type { ResourceCache } from './resource-cache.ts'
import {
  CONFIG_MAPS,
  type ConfigMap,
  CRON_JOBS,
  type CronJob,
  DESTINATION_LABEL,
  FIELD_MANAGER,
  type Job,
  SPACE_LABEL,
  TEMPLATE_HASH,
} from './resource-types.ts'
import { configMaps } from './sync-config.ts'

/** What the operator has made, as caches know it. ConfigMaps are known by their metadata alone. */
export interface Children {
  cronJobs: ResourceCache<CronJob>
  configMaps: ResourceCache<KubeObject>
  jobs: ResourceCache<Job>
}

export interface ChildrenContext extends Children {
  client: KubeClient
  /** Image of sync pods. */
  image: SyncImage
}

/** What is there already. */
type Known = { [Cache in 'cronJobs' | 'configMaps']: Pick<Children[Cache], 'get'> }

/**
 * Makes the CronJob of a space in a destination, and what it mounts, be as declared: first the ConfigMaps, so that a pod
 * never starts without. What is as it should be is not written. Throws EngageError Conflict for a CronJob of somebody else.
 */
export async function applyChildren(
  context: Pick<ChildrenContext, 'client' | 'image'> & Known,
  space: EngageSpace,
  destination: WarehouseDestination,
  order: WorkOrder,
): Promise<string> {
  const { client, image } = context
  const name = cronJobName(space.metadata.name, destination.metadata.name)
  const config = { version: 1 as const, order, warehouse: warehouseOf(destination.spec) }
  const maps = configMaps(name, space, config)
  const orRefusal = (object: KubeObject) => (error: unknown) => {
    throw refusalOf(error, `${object.kind} ${object.metadata.name}`, destination.metadata.name) ?? error
  }
  for (const map of maps) if (!context.configMaps.get(keyOf(map))) await createOnce(client, map).catch(orRefusal(map))
  const cronJob = syncCronJob({ space, destination, config, configMaps: maps.map(nameOf), image })
  const known = context.cronJobs.get(keyOf(cronJob))
  if (known && isOf(known, space) && isUnchanged(known, cronJob)) return name
  await assertNotForeign(client, known, cronJob, space)
  await client.apply(CRON_JOBS, cronJob, { fieldManager: FIELD_MANAGER, force: true }).catch(orRefusal(cronJob))
  return name
}

/**
 * Deletes the CronJobs that have nothing to sync any more, as destinations are not connected, or not there, or nothing
 * lands in them; and ConfigMaps that nothing mounts. What a trouble may only keep from being looked at stays.
 */
export async function pruneChildren(
  context: ChildrenContext,
  space: EngageSpace,
  outcomes: readonly SchemaOutcome[],
): Promise<void> {
  const { client } = context
  const synced = new Set(outcomes.filter(mayHaveCronJob).map(({ destination }) => destination))
  const mine = <T extends KubeObject>(cache: ResourceCache<T>) =>
    cache
      .all()
      .filter(
        ({ metadata }) =>
          metadata.namespace === space.metadata.namespace && metadata.labels?.[SPACE_LABEL] === space.metadata.name,
      )
  const kept: CronJob[] = []
  for (const cronJob of mine(context.cronJobs).filter((child) => isOf(child, space))) {
    if (synced.has(cronJob.metadata.labels?.[DESTINATION_LABEL] ?? '')) kept.push(cronJob)
    else await remove(client, cronJob)
  }
  const running = mine(context.jobs).filter(({ status }) => !isFinished(status))
  const mounted = new Set(
    [...kept.map(({ spec }) => spec.jobTemplate.spec), ...running.map(({ spec }) => spec)].flatMap(mountedMaps),
  )
  // A CronJob that the cache does not have yet mounts something too: leave all until it is there.
  if (kept.length === 0 && synced.size > 0) return
  for (const map of mine(context.configMaps).filter((child) => isOf(child, space))) {
    if (!mounted.has(map.metadata.name) && !isYoung(map)) await remove(client, map)
  }
}

export const isFinished = (status: Job['status']): boolean =>
  status?.conditions?.some(({ type, status: is }) => is === 'True' && (type === 'Complete' || type === 'Failed')) ===
  true

/** Whether a space controls an object: this incarnation of it, and nobody else. */
export const isOf = (object: KubeObject, space: EngageSpace): boolean =>
  object.metadata.ownerReferences?.some(({ controller, uid }) => controller && uid === space.metadata.uid) === true

const nameOf = ({ metadata }: KubeObject): string => metadata.name
const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`
/** The hash tells of fields that are declared no more, the comparison of what others have changed. */
const isUnchanged = (known: CronJob, wanted: CronJob): boolean =>
  hashOf(known) === hashOf(wanted) && isAsDeclared(wanted.spec, known.spec)

const hashOf = ({ metadata }: KubeObject): string | undefined => metadata.annotations?.[TEMPLATE_HASH]

/** One that was just made may be mounted by a CronJob that is being written. */
const YOUNG_MS = 10 * 60_000
const isYoung = ({ metadata }: KubeObject): boolean =>
  Date.now() - Date.parse(metadata.creationTimestamp ?? '') < YOUNG_MS

/** Its content never changes, so one that is there already is right. */
async function createOnce(client: KubeClient, map: ConfigMap): Promise<void> {
  try {
    await client.create(CONFIG_MAPS, map)
  } catch (error) {
    if (!isConflict(error)) throw error
  }
}

async function assertNotForeign(
  client: KubeClient,
  known: CronJob | undefined,
  wanted: CronJob,
  space: EngageSpace,
): Promise<void> {
  if (known && isOf(known, space)) return
  try {
    const found = known ?? (await client.get<CronJob>(CRON_JOBS, wanted.metadata))
    if (isOf(found, space)) return
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  throw new EngageError(
    'Conflict',
    'Stalled',
    `CronJob ${wanted.metadata.name} exists and is not of this space: delete it, or rename the space or the destination`,
  )
}

async function remove(client: KubeClient, object: KubeObject): Promise<void> {
  const type = object.kind === 'CronJob' ? CRON_JOBS : CONFIG_MAPS
  const { uid } = object.metadata
  try {
    await client.delete(type, object.metadata, {
      propagation: 'Background',
      ...(uid ? { preconditions: { uid } } : {}),
    })
  } catch (error) {
    if (!isNotFound(error)) throw error
  }
}

/** Names of the ConfigMaps that the pod of a Job's spec mounts. */
function mountedMaps(spec: unknown): string[] {
  const found: string[] = []
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    if (
      'configMap' in value &&
      typeof value.configMap === 'object' &&
      value.configMap !== null &&
      'name' in value.configMap
    ) {
      found.push(String(value.configMap.name))
    }
    for (const item of Object.values(value)) walk(item)
  }
  walk(spec)
  return found
}
