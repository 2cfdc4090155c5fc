import { afterAll, beforeAll, expect, test } from 'vitest'
import type { KubeObject, ResourceType } from '../../src/kube/object.ts'
import {
  CONFIG_MAPS,
  CRON_JOBS,
  type CronJob,
  JOBS,
  type Job,
  MANAGED_SELECTOR,
  PODS,
  SYNC_REQUESTED,
} from '../../src/operator/resource-types.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { describeOnCluster } from '../kubernetes/on-cluster.ts'
import { Fleet } from './fleet.ts'
import { activation, space } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

const CRON_JOB = 'main-warehouse-sync'

describeOnCluster('what the operator makes for syncs', (cluster) => {
  let database: WatchedDatabase
  let fleet: Fleet
  let operator: RunningOperator

  beforeAll(async () => {
    const { namespace, kubeconfig } = cluster()
    database = await WatchedDatabase.create()
    fleet = new Fleet(kubeconfig, namespace)
    operator = await RunningOperator.start(cluster())
    await fleet.connect(database, ['carts'])
    await fleet.hasReady('Activation', 'carts', 'True Ready')
  })
  afterAll(async () => {
    await operator[Symbol.asyncDispose]()
    await fleet[Symbol.asyncDispose]()
    await database[Symbol.asyncDispose]()
  })

  const get = <T extends KubeObject>(type: ResourceType, name: string) =>
    fleet.client.get<T>(type, { namespace: cluster().namespace, name })
  const ours = async <T extends KubeObject>(type: ResourceType, labelSelector = MANAGED_SELECTOR) =>
    (await fleet.client.list<T>(type, { namespace: cluster().namespace, labelSelector })).items
  const jobs = () => ours<Job>(JOBS)
  const oneJob = async () => {
    const [job, ...more] = await eventually('a Job', 20, async () => {
      const all = await jobs()
      return all.length > 0 && all
    })
    expect(more).toEqual([])
    if (!job) throw new Error('there is a Job')
    return job
  }

  /** What the kubelet writes when a pod has ended; the Job controller does the rest. */
  async function endPod(job: Job, message: string, exitCode: number): Promise<void> {
    const { namespace, name } = job.metadata
    const labelSelector = `batch.kubernetes.io/job-name=${name}`
    const pod = await eventually('the pod of the Job', 20, async () => {
      const { items } = await fleet.client.list(PODS, { namespace, labelSelector })
      return items[0]
    })
    const finishedAt = new Date().toISOString().replace(/\.\d+/, '')
    const terminated = { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', message, finishedAt }
    const container = { name: 'sync', image: 'x', imageID: 'x', ready: false, restartCount: 0, state: { terminated } }
    const status = { phase: exitCode === 0 ? 'Succeeded' : 'Failed', containerStatuses: [container] }
    await fleet.client.patch(PODS, pod.metadata, { merge: { status } }, { subresource: 'status' })
  }

  test('a CronJob or a ConfigMap that somebody deletes comes back', async () => {
    const before = await get<CronJob>(CRON_JOBS, CRON_JOB)
    await fleet.client.delete(CRON_JOBS, before.metadata)
    const after = await eventually('a new CronJob', 20, async () => {
      const found = await get<CronJob>(CRON_JOBS, CRON_JOB)
      return found.metadata.uid !== before.metadata.uid && found
    })
    expect(after.spec).toEqual(before.spec)

    const [map] = await ours(CONFIG_MAPS)
    if (!map) throw new Error('the CronJob mounts a ConfigMap')
    await fleet.client.delete(CONFIG_MAPS, map.metadata)
    await eventually('a new ConfigMap', 20, async () => {
      const found = await get(CONFIG_MAPS, map.metadata.name)
      return found.metadata.uid !== map.metadata.uid
    })
  })

  test('a CronJob that somebody edits is set back', async () => {
    const { namespace } = cluster()
    const name = { namespace, name: CRON_JOB }
    await fleet.client.patch(CRON_JOBS, name, { merge: { spec: { schedule: '* * * * *' } } })
    await eventually('the declared schedule', 20, async () => {
      const { spec } = await get<CronJob>(CRON_JOBS, CRON_JOB)
      return spec.schedule === '0 0 29 2 *'
    })
    await operator.isIdle()
    const { metadata } = await get<CronJob>(CRON_JOBS, CRON_JOB)
    const writes = await fleet.versions()
    await fleet.annotate('EngageSpace', 'main', { 'example.com/touched': 'true' })
    await operator.isIdle()
    expect((await get<CronJob>(CRON_JOBS, CRON_JOB)).metadata.resourceVersion).toBe(metadata.resourceVersion)
    expect((await fleet.versions()).length).toBe(writes.length)
  })

  test('a CronJob of somebody else is a Conflict, and stays as it is', async () => {
    const { namespace } = cluster()
    const name = 'taken-warehouse-sync'
    const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'x', image: 'x' }] } }
    const foreign = await fleet.client.create<CronJob>(CRON_JOBS, {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { namespace, name },
      spec: { schedule: '0 0 29 2 *', jobTemplate: { spec: { template } } },
    })
    await fleet.apply(space(namespace, 'taken'), activation(namespace, 'taken', { spaceRef: { name: 'taken' } }))
    const { status } = await fleet.hasReady('EngageSpace', 'taken', 'False Conflict')
    expect(JSON.stringify(status)).toContain(`CronJob ${name} exists and is not of this space`)
    expect(await get<CronJob>(CRON_JOBS, name)).toEqual(foreign)
    await fleet.delete('Activation', 'taken')
    await fleet.delete('EngageSpace', 'taken')
    expect(await get<CronJob>(CRON_JOBS, name)).toEqual(foreign)
  })

  test('a request makes one Job, and its end stands in the status', async () => {
    await fleet.annotate('EngageSpace', 'main', { [SYNC_REQUESTED]: 'first' })
    const job = await oneJob()
    expect(job.metadata.ownerReferences).toMatchObject([{ kind: 'CronJob', name: CRON_JOB, controller: true }])
    await eventually('the request in the status', 20, async () => {
      const { status } = await fleet.get('EngageSpace', 'main')
      return status?.lastHandledSyncRequest === 'first'
    })
    await operator.isIdle()
    expect(await jobs()).toHaveLength(1)

    const verdict = {
      runId: 'run-1',
      start: new Date().toISOString(),
      end: new Date().toISOString(),
      status: 'Success',
      rows: 7,
      notices: [],
      collections: { carts: 7 },
    }
    await endPod(job, JSON.stringify(verdict), 0)
    const lastSync = { runId: 'run-1', status: 'Success', rows: 7, job: job.metadata.name }
    for (const [kind, name] of [
      ['EngageSpace', 'main'],
      ['Activation', 'carts'],
    ] as const) {
      await eventually(`the run in the status of ${kind}`, 30, async () => {
        const { status } = await fleet.get(kind, name)
        return status?.lastSync !== undefined
      })
      expect((await fleet.get(kind, name)).status).toMatchObject({ lastSync, history: [lastSync] })
    }
    const healthy = await fleet.get('Activation', 'carts')
    expect(healthy.status?.conditions?.find(({ type }) => type === 'SyncHealthy')).toMatchObject({ status: 'True' })
  })

  test('a Job that fails without a verdict is told as far as Kubernetes knows', async () => {
    await fleet.annotate('Activation', 'carts', { [SYNC_REQUESTED]: 'second' })
    const job = await eventually('a second Job', 20, async () =>
      (await jobs()).find(({ status }) => !status?.completionTime),
    )
    await endPod(job, '', 137)
    // Else it would be tried three times more, later and later.
    await fleet.client.patch(JOBS, job.metadata, { merge: { spec: { activeDeadlineSeconds: 1 } } })
    await fleet.hasReady('Activation', 'carts', 'False SyncFailed', 30)
    const { status } = await fleet.get('Activation', 'carts')
    expect(JSON.stringify(status)).toContain(`Job ${job.metadata.name} failed`)
    expect(status).toMatchObject({ lastHandledSyncRequest: 'second' })
  })

  test('a request on a destination waits for the sync that runs, and its end brings it back', async () => {
    const before = new Set((await jobs()).map(({ metadata }) => metadata.name))
    const newJob = () =>
      eventually('a new Job', 20, async () => (await jobs()).find(({ metadata }) => !before.has(metadata.name)))
    await fleet.annotate('EngageSpace', 'main', { [SYNC_REQUESTED]: 'third' })
    const running = await newJob()
    await fleet.annotate('WarehouseDestination', 'warehouse', { [SYNC_REQUESTED]: 'fourth' })
    await eventually('a request that waits', 20, async () => {
      const { status } = await fleet.get('WarehouseDestination', 'warehouse')
      return JSON.stringify(status?.pendingSync) === '{"request":"fourth","waiting":["main"]}'
    })
    before.add(running.metadata.name)
    await endPod(running, '', 0)
    await newJob()
    await eventually('the request in the status', 20, async () => {
      const { status } = await fleet.get('WarehouseDestination', 'warehouse')
      return status?.lastHandledSyncRequest === 'fourth' && status.pendingSync === undefined
    })
  })

  test('a request on a space does not wait for a destination that is not there', async () => {
    const { namespace, kubectl } = cluster()
    await fleet.apply(space(namespace, 'main', { destinations: [{ name: 'warehouse' }, { name: 'missing' }] }))
    await fleet.hasReady('EngageSpace', 'main', 'False DestinationNotFound')
    const job = (await jobs()).find(({ status }) => !status?.completionTime && !status?.conditions)
    if (!job) throw new Error('the Job of the request before runs')
    await fleet.annotate('EngageSpace', 'main', { [SYNC_REQUESTED]: 'fifth' })
    await eventually('a request that waits for the Job alone', 20, async () => {
      const { status } = await fleet.get('EngageSpace', 'main')
      return JSON.stringify(status?.pendingSync) === '{"request":"fifth","waiting":["warehouse"]}'
    })
    await endPod(job, '', 0)
    await eventually('the request in the status', 30, async () => {
      const { status } = await fleet.get('EngageSpace', 'main')
      return status?.lastHandledSyncRequest === 'fifth'
    })
    await eventually('an event', 20, async () => {
      const events = await kubectl(['get', 'events', '--field-selector', 'reason=SyncNotStarted', '-o', 'json'])
      return events.includes('there is no WarehouseDestination missing')
    })
  })
})
