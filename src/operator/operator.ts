import { randomUUID } from 'node:crypto'
import type { Server } from 'node:http'
import type { Logger } from 'pino'
import { collectDefaultMetrics, Registry } from 'prom-client'
import { KubeClient } from '../kube/client.ts'
import { monotonicClock } from '../kube/clock.ts'
import { defaultAccess } from '../kube/default-access.ts'
import { EventRecorder } from '../kube/events.ts'
import { lead as leadWith, type Term } from '../kube/lease.ts'
import { queueMetrics, requestMetrics } from '../kube/metrics.ts'
import type { KubeObject } from '../kube/object.ts'
import type { ReflectorReport } from '../kube/reflector.ts'
import { WorkQueue } from '../kube/work-queue.ts'
import { KINDS, type Kind } from '../model/resource.ts'
import { openWarehouse } from '../warehouses/registry.ts'
import { Caches } from './caches.ts'
import { ClusterStore, type RawResource } from './cluster-store.ts'
import { Controller } from './controller.ts'
import type { SyncImage } from './cron-job.ts'
import { fencedAccess } from './fence.ts'
import { fencedWarehouse } from './fenced-warehouse.ts'
import { serveHealth, serveMetrics } from './health-server.ts'
import { installationOf } from './installation.ts'
import { RetryLater } from './intervals.ts'
import { namespaceMetrics, resourceMetrics } from './metrics.ts'
import { ResourceCache } from './resource-cache.ts'
import {
  CONFIG_MAPS,
  CRON_JOBS,
  type CronJob,
  ENGAGE,
  JOBS,
  type Job,
  MANAGED_SELECTOR,
  SECRETS,
} from './resource-types.ts'

export interface OperatorOptions {
  version: string
  /** Namespace of the operator itself, for its Lease and its installation. */
  namespace: string
  /** Name of the pod. */
  podName: string
  /** Namespaces to look after; undefined: all. */
  watchNamespaces?: readonly string[]
  /** Only resources with these labels: one shard of several. */
  selector?: string
  /** Watch the metadata of Secrets, so that a new password is tried at once and not with the next probe. */
  watchSecrets: boolean
  /** Image of sync pods. */
  image: SyncImage
  workers: number
  metricsPort: number
  healthPort: number
  /** Who holds this Lease leads. Operators that look after different resources need one each. */
  leaseName: string
  log: Logger
  /** End well. */
  stop: AbortSignal
}

/** No cache is full before this: something is wrong that a new process may not have. */
const CACHE_TIMEOUT_MS = 120_000
/** A reflector does something at least every ten minutes. */
const STUCK_MS = 11 * 60_000
const RECONCILE_TIMEOUT_MS = 120_000
/** Keys of one destination that are worked on at once: warehouses have few connections to give. */
const PER_DESTINATION = 2

/** Runs the operator until `stop`, or until it has lost the lead; the promise then rejects with LeadershipLost. */
export async function runOperator(options: OperatorOptions): Promise<void> {
  const { log, namespace, podName, stop } = options
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const access = await defaultAccess()
  const transport = { userAgent: `engageops-operator/${options.version}`, observe: requestMetrics(registry) }
  const client = new KubeClient({ access, ...transport })
  /** The lead, while it is held; what only the leader may do asks for it first. */
  let lead: Term | undefined
  const held = () => lead?.held() ?? false
  const leaderClient = new KubeClient({ access: fencedAccess(access, held), ...transport })
  const events = new EventRecorder({
    client,
    controller: 'engageops.dev/operator',
    instance: podName,
    dropped: ({ reason, note }, error) => log.warn({ reason, note, error: messageOf(error) }, 'event not written'),
  })
  const ending = new AbortController()
  const { controller, store, queue, caches } = build(options, { client, leaderClient }, events, registry)
  let isSynced = false
  const stuck = () => monotonicClock.now() - caches.lastActivity > STUCK_MS
  const servers: Server[] = []
  const running: Promise<void>[] = []
  try {
    const health = {
      livez: () => (stuck() ? 'a cache has not moved for eleven minutes' : undefined),
      readyz: () => (isSynced ? undefined : 'caches are not filled yet'),
    }
    servers.push(await serveHealth(options.healthPort, health))
    servers.push(await serveMetrics(options.metricsPort, registry))
    running.push(caches.run(ending.signal))
    await caches.filled(CACHE_TIMEOUT_MS, stop)
    isSynced = !stop.aborted
    if (stop.aborted) return
    log.info({ resources: KINDS.map((kind) => [kind, store.count(kind)]) }, 'caches are filled')
    for (const { namespace, kinds, error } of caches.unseen) {
      log.warn({ namespace, kinds, error }, 'namespace is left out until it can be listed')
      void caches.seen(namespace).then(() => {
        log.info({ namespace }, 'namespace can be listed now')
        controller.onSeen(namespace)
      })
    }
    const installationId = await installationOf(client, namespace)
    const identity = `${podName}_${randomUUID()}`
    const election = {
      client,
      namespace,
      name: options.leaseName,
      identity,
      report: (error: unknown) => log.warn({ error: messageOf(error) }, 'lease'),
      waiting: (holder: string) => log.info({ lease: options.leaseName, holder }, 'waiting for the lease'),
    }
    await leadWith(election, stop, async (term) => {
      lead = term
      log.info({ identity, epoch: term.epoch }, 'leading')
      await work(options, { controller, queue, caches }, installationId, term)
    })
  } finally {
    ending.abort()
    await Promise.all(running)
    await events.close()
    for (const server of servers) server.close()
    await Promise.all([client.close(), leaderClient.close()])
    log.info('ended')
  }
}

function build(
  options: OperatorOptions,
  { client, leaderClient }: { client: KubeClient; leaderClient: KubeClient },
  events: EventRecorder,
  registry: Registry,
) {
  const { log, watchNamespaces: namespaces, selector } = options
  const metrics = queueMetrics(registry)
  const queue: WorkQueue = new WorkQueue({
    gateOf: (key) => gateOf(key),
    gateLimit: PER_DESTINATION,
    observer: {
      ...metrics.observer('engageops'),
      retried: (key, error, retryIn) => {
        metrics.observer('engageops').retried?.(key, error, retryIn)
        const level = error instanceof RetryLater ? 'info' : 'warn'
        log[level]({ key, error: messageOf(error), retryIn }, 'will be tried again')
      },
    },
  })
  metrics.watch('engageops', queue)
  const report = (what: ReflectorReport, of: string, namespace: string | undefined) => {
    if (what.type === 'Failed')
      log.warn({ of, namespace, error: messageOf(what.error), retryInMs: what.retryInMs }, 'watch failed')
    else log.debug({ of, namespace, objects: what.objects, seconds: what.seconds }, 'listed')
  }
  const store: ClusterStore = new ClusterStore(leaderClient, events, () => kinds)
  const children = {
    cronJobs: new ResourceCache<CronJob>({
      client,
      type: CRON_JOBS,
      namespaces,
      labelSelector: MANAGED_SELECTOR,
      onChange: (change) => controller.onChild(change),
      report,
    }),
    configMaps: new ResourceCache<KubeObject>({
      client,
      type: CONFIG_MAPS,
      namespaces,
      labelSelector: MANAGED_SELECTOR,
      metadataOnly: true,
      onChange: (change) => controller.onChild(change),
      report,
    }),
    jobs: new ResourceCache<Job>({
      client,
      type: JOBS,
      namespaces,
      labelSelector: MANAGED_SELECTOR,
      onChange: (change) => controller.onJob(change),
      report,
    }),
  }
  const kindCache = (kind: Kind) =>
    new ResourceCache<RawResource>({
      client,
      type: ENGAGE[kind],
      namespaces,
      labelSelector: selector,
      slim: store.slim,
      onChange: (change) => controller.onResource(change),
      report,
    })
  const kinds: Record<Kind, ResourceCache<RawResource>> = {
    WarehouseDestination: kindCache('WarehouseDestination'),
    EngageSpace: kindCache('EngageSpace'),
    Activation: kindCache('Activation'),
  }
  const { ended } = resourceMetrics(registry, () => store.all())
  const controller = new Controller({
    client: leaderClient,
    store,
    queue,
    image: options.image,
    onRun: ended,
    ...children,
  })
  const gateOf = (key: string) =>
    key.startsWith('space/') ? store.firstDestinationOf(key.slice('space/'.length)) : undefined
  const secrets = new ResourceCache<KubeObject>({
    client,
    type: SECRETS,
    namespaces,
    metadataOnly: true,
    onChange: (change) => controller.onSecret(change),
    report,
  })
  const caches = new Caches([
    ...Object.values(kinds),
    ...Object.values(children),
    ...(options.watchSecrets ? [secrets] : []),
  ])
  namespaceMetrics(registry, () => caches.unseen)
  return { controller, store, queue, caches }
}

/** Works while it leads; `stop` lets what runs end, losing the lead breaks it off. */
async function work(
  options: OperatorOptions,
  { controller, queue, caches }: { controller: Controller; queue: WorkQueue; caches: Caches },
  installationId: string,
  term: Term,
) {
  await queue.run({
    workers: options.workers,
    timeoutMs: RECONCILE_TIMEOUT_MS,
    // Who has lost the lead begins nothing more: else the work, and the process, would never end.
    stop: AbortSignal.any([options.stop, term.signal]),
    abort: term.signal,
    handle: (key, { signal }) =>
      controller.handle(key, {
        installationId,
        mode: 'Cluster',
        openWarehouse: async (block, environment) =>
          fencedWarehouse(await openWarehouse(block, environment), term.held),
        baseDirOf: () => '/',
        isUnseen: (namespace) => caches.isUnseen(namespace),
        // Not the replica: what one that is gone held is free for the next, and the fence keeps them apart.
        holder: `operator/${installationId}`,
        now: () => new Date(),
        signal,
      }),
  })
}

const messageOf = (error: unknown): string | undefined =>
  error instanceof Error ? error.message : error === undefined ? undefined : String(error)
