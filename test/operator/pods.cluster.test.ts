import { appendFile, chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { renderChart } from '../../scripts/helm.ts'
import { type Job, SYNC_REQUESTED } from '../../src/operator/resource-types.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { PROJECT_IMAGE } from '../kubernetes/image.ts'
import { describeOnNode } from '../kubernetes/on-cluster.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { type Forward, forward } from './forward.ts'

const API = 'engageops.dev/v1alpha1'
const SEED_CALLS = [
  { type: 'identify', userId: 'u123', traits: { first_time_shopper: true } },
  { type: 'identify', userId: 'u123', traits: { total_revenue_180_days: 450 } },
  {
    type: 'track',
    userId: 'u123',
    event: 'Audience Entered',
    traits: { audience_key: 'first_time_shopper', first_time_shopper: true },
  },
  {
    type: 'track',
    userId: 'u123',
    event: 'Trait Computed',
    traits: { trait_key: 'total_revenue_180_days', total_revenue_180_days: 450 },
  },
]

interface Sync {
  status: string
  rows: number
  job?: string
  notices: { message: string }[]
}

interface Status {
  history?: Sync[]
  conditions?: { type: string; status: string; message: string }[]
}

/** The operator as the chart installs it, and syncs in pods as its CronJobs make them. */
describeOnNode('operator and syncs in pods', (cluster) => {
  let postgres: Awaited<ReturnType<typeof startPostgres>>
  let database: string
  let tunnel: Forward
  let calls: string

  beforeAll(async () => {
    const { namespace, kubectl, apply, network } = cluster()
    postgres = await startPostgres()
    database = await postgres.createDatabase()
    tunnel = await forward(network.host, postgres.port)
    calls = await mkdtemp(path.join(tmpdir(), 'engageops-calls-'))
    await chmod(calls, 0o755)
    await mkdir(path.join(calls, 'engage'))
    await writeFile(path.join(calls, 'engage/seed.ndjson'), lines(SEED_CALLS))

    const [repository = '', tag = ''] = PROJECT_IMAGE.split(/:(?=[^:]*$)/)
    const values = {
      'image.repository': repository,
      'image.tag': tag,
      'image.pullPolicy': 'Never',
      'crds.install': 'false',
      'scope.namespaces[0]': namespace,
    }
    const settings = Object.entries(values).map(([name, value]) => `--set=${name}=${value}`)
    await kubectl(['apply', '--filename=-'], await renderChart('engageops', namespace, ...settings))
    await apply(...volume(namespace, calls), {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'warehouse', namespace },
      stringData: { password: postgres.password },
    })
    await apply(...resources(network.host, tunnel.port, database, postgres.user))
    await kubectl(['rollout', 'status', 'deployment/engageops', '--timeout=90s'])
  }, 600_000)

  afterAll(async () => {
    await tunnel?.[Symbol.asyncDispose]()
    await postgres?.stop()
    await cluster().kubectl(['delete', 'pv', `calls-${cluster().namespace}`, '--wait=false'])
    await rm(calls, { recursive: true, force: true })
  })

  beforeEach(({ onTestFailed }) => {
    onTestFailed(async () => {
      const { kubectl } = cluster()
      console.error(await kubectl(['logs', 'deployment/engageops', '--tail=40']))
      console.error(await kubectl(['get', 'engage,cronjobs,jobs,pods', '-o', 'wide']))
    })
  })

  test('everything becomes Ready, as kubectl wait sees it', async () => {
    const { kubectl } = cluster()
    for (const kind of ['warehousedestination', 'engagespace', 'activation']) {
      await kubectl(['wait', kind, '--all', '--for=condition=Ready', '--timeout=60s'])
    }
  })

  test('a DuckDB destination is refused, though its driver is not in the image', async () => {
    const { kubectl, apply } = cluster()
    await apply({
      apiVersion: API,
      kind: 'WarehouseDestination',
      metadata: { name: 'local' },
      spec: { duckdb: { path: 'x.duckdb' } },
    })
    await kubectl([
      'wait',
      'whdest/local',
      '--for=jsonpath={.status.conditions[?(@.type=="Ready")].reason}=LocalModeOnly',
      '--timeout=30s',
    ])
    await kubectl(['delete', 'whdest', 'local'])
  })

  test('a sync that is asked for runs in a pod, and its rows are in the warehouse and in the status', async () => {
    const sync = await requestSync('first')
    expect(sync).toMatchObject({ status: 'Success', rows: 5 })
    expect(await query('SELECT id, first_time_shopper, total_revenue_180_days FROM engage_default.users')).toEqual([
      { id: 'u123', first_time_shopper: true, total_revenue_180_days: '450' },
    ])
    expect(await query('SELECT count(*)::int AS rows FROM engage_default.identifies')).toEqual([{ rows: 2 }])
    const row = (await cluster().kubectl(['get', 'activation', 'first-time-shopper', '--no-headers'])).split(/\s+/)
    expect(row.slice(0, 5)).toEqual(['first-time-shopper', 'True', 'Ready', 'warehouse', 'identifies'])
  })

  test('the pod runs as nobody, cannot write its root, has no token of the API server, and no secret in its work order', async () => {
    const { kubectl } = cluster()
    const { items } = JSON.parse(await kubectl(['get', 'pods', '-l', 'engageops.dev/space=default', '-o', 'json']))
    const { spec } = items[0]
    expect(spec).toMatchObject({ automountServiceAccountToken: false, securityContext: { runAsNonRoot: true } })
    expect(spec.containers[0]).toMatchObject({
      imagePullPolicy: 'Never',
      securityContext: { readOnlyRootFilesystem: true },
    })
    expect(JSON.stringify(spec.volumes)).not.toContain('serviceAccountToken')
    const everything = await kubectl(['get', 'configmaps,cronjobs,jobs,events,engage', '-o', 'json'])
    const logs = await kubectl(['logs', '-l', 'engageops.dev/space=default', '--tail=-1'])
    const operatorLogs = await kubectl(['logs', 'deployment/engageops', '--tail=-1'])
    for (const text of [everything, logs, operatorLogs]) expect(text).not.toContain(postgres.password)
  })

  test('a second sync reads only what is new', async () => {
    await appendFile(
      path.join(calls, 'engage/seed.ndjson'),
      lines([{ type: 'identify', userId: 'u456', traits: { first_time_shopper: false } }]),
    )
    expect(await requestSync('second')).toMatchObject({ status: 'Success', rows: 2 })
    expect(await query('SELECT count(*)::int AS rows FROM engage_default.users')).toEqual([{ rows: 2 }])
  })

  test('a scheduled sync runs by itself', async () => {
    const { kubectl } = cluster()
    const patch = (schedule: string) =>
      kubectl([
        'patch',
        'warehousedestination',
        'warehouse',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { sync: { schedule } } }),
      ])
    await patch('* * * * *')
    const before = (await statusOf('engagespace/default')).history?.length ?? 0
    await eventually(
      'a run on schedule',
      110,
      async () => ((await statusOf('engagespace/default')).history?.length ?? 0) > before,
    )
    await patch('0 0 1 1 *')
    await eventually('the CronJob with its schedule of before', 60, async () =>
      (await kubectl(['get', 'cronjob', 'default-warehouse-sync', '-o', 'yaml'])).includes('schedule: 0 0 1 1 *'),
    )
  }, 240_000)

  test('a sync whose Secret is gone fails and says so; with the Secret back it is well again', async () => {
    const { kubectl, apply, namespace } = cluster()
    await kubectl(['delete', 'secret', 'warehouse'])
    const sync = await requestSync('third')
    expect(sync.status).toBe('Failure')
    expect(sync.notices.map(({ message }) => message).join()).toContain('SecretNotFound')
    await apply({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'warehouse', namespace },
      stringData: { password: postgres.password },
    })
    expect(await requestSync('fourth')).toMatchObject({ status: 'Success' })
  }, 300_000)

  test('a sync that is evicted goes on in another pod from its last commit, and loses nothing', async () => {
    const { kubectl, namespace } = cluster()
    await writeCalls(path.join(calls, 'engage/many.ndjson'), 'many')
    const done = requestSync('evicted')
    const pod = await eventually('a commit of the running sync', 120, async () => {
      const committed = await query("SELECT 1 FROM engageops.checkpoints WHERE object = 'many.ndjson'")
      const names = await kubectl([
        'get',
        'pods',
        '--field-selector=status.phase=Running',
        '-l',
        'engageops.dev/space=default',
        '-o',
        'name',
      ])
      return committed.length > 0 && names.trim().split('/')[1]
    })
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }
    await kubectl(
      ['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`, '--filename=-'],
      JSON.stringify(eviction),
    )
    expect(await done).toMatchObject({ status: 'Success' })
    expect(await query("SELECT count(*)::int AS rows FROM engage_default.identifies WHERE id LIKE 'many-%'")).toEqual([
      { rows: MANY },
    ])
    const attempts = await query(
      "SELECT DISTINCT run_id FROM engageops.runs WHERE collection = '*' AND row_count > 1000",
    )
    expect(attempts.length).toBe(2)
  }, 300_000)

  test('a CronJob that the API server refuses is told with the field to correct', async () => {
    const { kubectl } = cluster()
    const resources = (value: object | null) =>
      kubectl([
        'patch',
        'warehousedestination',
        'warehouse',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { sync: { pod: value } } }),
      ])
    await resources({ resources: { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } } })
    const message = await eventually('Stalled', 60, async () => {
      const { conditions } = await statusOf('engagespace/default')
      return conditions?.find(({ type, status }) => type === 'Stalled' && status === 'True')?.message
    })
    expect(message).toContain('must be less than or equal to memory limit of 1Gi')
    expect(message).toContain('correct spec.sync of WarehouseDestination warehouse')
    await resources(null)
    await kubectl(['wait', 'engagespace/default', '--for=condition=Ready', '--timeout=60s'])
  })

  test('a sync that runs out of memory fails and says so, and goes on when it has more', async () => {
    const { kubectl } = cluster()
    const limit = (memory: string | null) =>
      kubectl([
        'patch',
        'warehousedestination',
        'warehouse',
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { sync: { pod: memory && { resources: { limits: { memory } } } } } }),
      ])
    await limit('40Mi')
    await eventually('the CronJob with less memory', 90, async () =>
      (await kubectl(['get', 'cronjob', 'default-warehouse-sync', '-o', 'yaml'])).includes('40Mi'),
    )
    await writeCalls(path.join(calls, 'engage/more.ndjson'), 'more')
    const killed = await requestSync('small')
    expect(killed.status).toBe('Failure')
    expect(killed.notices.map(({ message }) => message).join()).toContain('OOMKilled')
    await limit(null)
    await eventually(
      'the CronJob with more memory',
      30,
      async () => !(await kubectl(['get', 'cronjob', 'default-warehouse-sync', '-o', 'yaml'])).includes('40Mi'),
    )
    expect(await requestSync('large')).toMatchObject({ status: 'Success' })
    expect(await query("SELECT count(*)::int AS rows FROM engage_default.identifies WHERE id LIKE 'more-%'")).toEqual([
      { rows: MANY },
    ])
  }, 400_000)

  async function requestSync(request: string): Promise<Sync> {
    const { kubectl } = cluster()
    await kubectl(['annotate', '--overwrite', 'engagespace', 'default', `${SYNC_REQUESTED}=${request}`])
    return await eventually(`the sync ${request}`, 240, async () => {
      const { items } = JSON.parse(await kubectl(['get', 'jobs', '-o', 'json']))
      const asked = items.find(({ metadata }: Job) => metadata.annotations?.[SYNC_REQUESTED] === request)
      const { history } = await statusOf('engagespace/default')
      return asked !== undefined && history?.find(({ job }) => job === asked.metadata.name)
    })
  }

  async function statusOf(resource: string): Promise<Status> {
    return JSON.parse(await cluster().kubectl(['get', resource, '-o', 'json'])).status
  }

  async function query(sql: string): Promise<unknown[]> {
    const client = new Client({
      host: postgres.host,
      port: postgres.port,
      user: postgres.user,
      password: postgres.password,
      database,
    })
    await client.connect()
    try {
      return (await client.query(sql)).rows
    } finally {
      await client.end()
    }
  }
})

const MANY = 800_000

async function writeCalls(file: string, prefix: string): Promise<void> {
  const from = Date.parse('2026-01-01T00:00:00Z')
  let text = ''
  for (let number = 0; number < MANY; number++) {
    const call = {
      type: 'identify',
      messageId: `${prefix}-${number}`,
      userId: `m${number % 1000}`,
      receivedAt: new Date(from + number * 1000).toISOString(),
      traits: { first_time_shopper: number % 2 === 0 },
    }
    text += `${JSON.stringify(call)}\n`
  }
  await writeFile(file, text)
}

const lines = (calls: readonly object[]): string => calls.map((call) => `${JSON.stringify(call)}\n`).join('')

function volume(namespace: string, folder: string): object[] {
  const spec = { accessModes: ['ReadOnlyMany'], storageClassName: '' }
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name: `calls-${namespace}` },
      spec: { ...spec, capacity: { storage: '1Gi' }, hostPath: { path: folder } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'calls', namespace },
      spec: { ...spec, resources: { requests: { storage: '1Gi' } }, volumeName: `calls-${namespace}` },
    },
  ]
}

function resources(host: string, port: number, database: string, username: string): object[] {
  const activation = (name: string, computation: object) => ({
    apiVersion: API,
    kind: 'Activation',
    metadata: { name },
    spec: { spaceRef: { name: 'default' }, destinationRef: { name: 'warehouse' }, computation, classic: {} },
  })
  return [
    activation('first-time-shopper', { audience: 'first_time_shopper' }),
    activation('total-revenue', { computedTrait: 'total_revenue_180_days' }),
    {
      apiVersion: API,
      kind: 'EngageSpace',
      metadata: { name: 'default' },
      spec: {
        name: 'default',
        destinations: [{ name: 'warehouse' }],
        sources: [{ name: 'calls', volume: { claimName: 'calls', path: 'engage' } }],
        audiences: [{ key: 'first_time_shopper' }],
        computedTraits: [{ key: 'total_revenue_180_days', type: 'Float' }],
      },
    },
    {
      apiVersion: API,
      kind: 'WarehouseDestination',
      metadata: { name: 'warehouse' },
      spec: {
        postgres: {
          host,
          port,
          database,
          username,
          sslMode: 'Disable',
          passwordSecretRef: { name: 'warehouse', key: 'password' },
        },
        sync: { schedule: '0 0 1 1 *' },
      },
    },
  ]
}
