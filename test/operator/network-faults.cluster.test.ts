import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { renderChart } from '../../scripts/helm.ts'
import { LEASES, type Lease } from '../../src/kube/lease.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { PROJECT_IMAGE } from '../kubernetes/image.ts'
import { describeOnNode } from '../kubernetes/on-cluster.ts'
import { Fleet } from './fleet.ts'
import { type Forward, forward } from './forward.ts'
import { activation, destination, space } from './manifests.ts'
import { RunningOperator } from './running-operator.ts'
import { WatchedDatabase } from './watched-database.ts'

/** The longest time that the operator may not notice that a watch is dead. */
const BLIND_MS = 35_000
/** The client sends nothing more on the connection of a watch; one of requests is closed when it was idle for a minute. */
const SILENT_MS = 65_000
/** One for each type: the three kinds, CronJobs, ConfigMaps and Jobs. */
const WATCHES = 6

describeOnNode('a watch that is half open', (cluster) => {
  let database: WatchedDatabase
  let fleet: Fleet
  let operator: RunningOperator

  beforeAll(async () => {
    const { kubeconfig, namespace } = cluster()
    database = await WatchedDatabase.create()
    fleet = new Fleet(kubeconfig, namespace)
    await fleet.connect(database, ['first'])
    operator = await RunningOperator.start(cluster())
    await fleet.allReady('Activation')
  }, 600_000)
  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await fleet?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  test('is found out within 35 seconds, and nothing is missed', async () => {
    const ports = await eventually('silent watches, and nothing else that is silent', 150, async () => {
      const silent = await silentConnections()
      return silent.length === WATCHES && silent
    })
    await drop(ports)
    const blocked = Date.now()
    await fleet.apply(activation(fleet.namespace, 'unseen'))
    // Connections that are new are let through: what is told now is told only to those who ask again.
    await eventually('3 seconds', 5, async () => Date.now() - blocked > 3_000)
    expect((await fleet.get('Activation', 'unseen')).status?.conditions).toBeUndefined()
    await fleet.hasReady('Activation', 'unseen', 'True Ready', 60)
    expect(Date.now() - blocked).toBeLessThan(BLIND_MS)
    expect(operator.lines.filter(({ msg }) => msg === 'leading')).toHaveLength(1)
    expect(operator.isRunning).toBe(true)
  }, 240_000)

  /** Ports of this operator's connections on which it has sent nothing for a while. */
  async function silentConnections(): Promise<number[]> {
    const { network, inNetwork } = cluster()
    const server = apiServerPort()
    const filter = ['state', 'established', `( sport = :${server} and dst = ${network.host} )`]
    const sockets = (await run(inNetwork(['ss', '--tcp', '--numeric', '--no-header', '--info', ...filter]))).split(
      /\n(?=\S)/,
    )
    const mine = new Set(await portsOf(operator.pid))
    return sockets.flatMap((socket) => {
      const [, port] = /:(\d+)\s*\n/.exec(socket) ?? []
      const [, silent] = /lastrcv:(\d+)/.exec(socket) ?? []
      return mine.has(Number(port)) && Number(silent) > SILENT_MS ? [Number(port)] : []
    })
  }

  /** Drops what comes and goes on these connections, in the network namespace of the API server. */
  async function drop(ports: readonly number[]): Promise<void> {
    const { inNetwork } = cluster()
    const rules = ports.flatMap((port) => [
      ['INPUT', '--protocol', 'tcp', '--dport', apiServerPort(), '--sport', `${port}`, '--jump', 'DROP'],
      ['OUTPUT', '--protocol', 'tcp', '--sport', apiServerPort(), '--dport', `${port}`, '--jump', 'DROP'],
    ])
    const iptables = (action: string) =>
      Promise.all(rules.map((rule) => run(inNetwork(['iptables', '--wait', action, ...rule]))))
    onTestFinished(async () => void (await iptables('--delete')))
    await iptables('--append')
  }

  function apiServerPort(): string {
    const config = new KubeConfig()
    config.loadFromFile(cluster().kubeconfig)
    return new URL(config.getCurrentCluster()?.server ?? '').port
  }
})

describeOnNode('a node that is drained', (cluster) => {
  const MANY = 1_000_000
  let database: WatchedDatabase
  let tunnel: Forward
  let fleet: Fleet
  let operator: RunningOperator
  let calls: string

  beforeAll(async () => {
    const { kubeconfig, namespace, network, apply } = cluster()
    database = await WatchedDatabase.create()
    tunnel = await forward(network.host, database.port)
    fleet = new Fleet(kubeconfig, namespace)
    calls = await mkdtemp(path.join(tmpdir(), 'engageops-calls-'))
    await chmod(calls, 0o755)
    await writeCalls(path.join(calls, 'many.ndjson'), MANY)
    await apply(...volume(namespace, calls))
    await fleet.putSecret(database.password)
    await fleet.apply(
      destination(namespace, { host: network.host, port: tunnel.port, database: database.database }),
      space(namespace, SPACE),
      activation(namespace, 'shoppers', {
        spaceRef: { name: SPACE },
        computation: { audience: 'shoppers' },
        classic: {},
        storageActions: undefined,
      }),
    )
    operator = await RunningOperator.start({ ...cluster(), flags: ['--sync-image', PROJECT_IMAGE] })
    await fleet.allReady('Activation')
  }, 600_000)
  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await cluster().kubectl(['delete', 'pv', `calls-${cluster().namespace}`, '--wait=false'])
    await fleet?.[Symbol.asyncDispose]()
    await tunnel?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
    await rm(calls, { recursive: true, force: true })
  })

  test('during a sync: it goes on when the node is back, and nothing is lost or doubled', async () => {
    const { kubectl } = cluster()
    await fleet.annotate('EngageSpace', SPACE, { 'engageops.dev/sync-requested-at': 'before the drain' })
    const committed = async () => {
      const [row] = await database.query(`SELECT count(*)::int AS rows FROM engage_${SPACE}.identifies`)
      return Number(row?.rows)
    }
    await eventually('a commit of the running sync', 90, async () => (await committed()) > 0)
    onTestFinished(async () => void (await kubectl(['uncordon', 'node'])))
    // Of this test's pods alone: others use the node too.
    const selector = `--pod-selector=engageops.dev/space=${SPACE}`
    await kubectl(['drain', 'node', selector, '--delete-emptydir-data', '--ignore-daemonsets', '--timeout=60s'])
    const waiting = await eventually('a pod that waits for a node', 30, async () => {
      const { items } = JSON.parse(
        await kubectl(['get', 'pods', `--selector=engageops.dev/space=${SPACE}`, '--output=json']),
      )
      return items.find((pod: Pod) => pod.status.phase === 'Pending')
    })
    expect(await committed()).toBeLessThan(MANY)
    await kubectl(['uncordon', 'node'])

    const { lastSync } = await eventually('the end of the sync', 120, async () => {
      const { status } = await fleet.get('EngageSpace', SPACE)
      return status?.lastSync !== undefined && status
    })
    expect(lastSync).toMatchObject({ status: 'Success', job: waiting.metadata.labels['job-name'] })
    const [rows] = await database.query(
      `SELECT count(*)::int AS rows, count(DISTINCT id)::int AS ids, min(n)::int, max(n)::int
       FROM (SELECT id, split_part(id, '-', 2)::int AS n FROM engage_${SPACE}.identifies) AS numbered`,
    )
    expect(rows).toEqual({ rows: MANY, ids: MANY, min: 0, max: MANY - 1 })
    const runs = await database.query('SELECT DISTINCT run_id FROM engageops.runs WHERE row_count > 0')
    expect(runs).toHaveLength(2)
  }, 240_000)
})

describeOnNode('an operator in pods', (cluster) => {
  let database: WatchedDatabase
  let tunnel: Forward
  let fleet: Fleet

  beforeAll(async () => {
    const { kubeconfig, namespace, network, kubectl } = cluster()
    database = await WatchedDatabase.create()
    tunnel = await forward(network.host, database.port)
    fleet = new Fleet(kubeconfig, namespace)
    const [repository = '', tag = ''] = PROJECT_IMAGE.split(/:(?=[^:]*$)/)
    const values = {
      replicas: '2',
      'image.repository': repository,
      'image.tag': tag,
      'image.pullPolicy': 'Never',
      'crds.install': 'false',
      'scope.namespaces[0]': namespace,
    }
    const settings = Object.entries(values).map(([name, value]) => `--set=${name}=${value}`)
    await kubectl(['apply', '--filename=-'], await renderChart('engageops', namespace, ...settings))
    await fleet.putSecret(database.password)
    await fleet.apply(
      destination(namespace, { host: network.host, port: tunnel.port, database: database.database }),
      space(namespace),
      activation(namespace, 'first'),
    )
    await kubectl(['rollout', 'status', 'deployment/engageops', '--timeout=90s'])
    await fleet.allReady('Activation')
  }, 600_000)
  afterAll(async () => {
    await fleet?.[Symbol.asyncDispose]()
    await tunnel?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  const leader = async (): Promise<string> => {
    const { namespace } = cluster()
    const { spec } = await fleet.client.get<Lease>(LEASES, { namespace, name: 'engageops-operator' })
    return spec.holderIdentity?.split('_')[0] ?? ''
  }
  const evict = async (pod: string) => {
    const { kubectl, namespace } = cluster()
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: pod, namespace } }
    const url = `/api/v1/namespaces/${namespace}/pods/${pod}/eviction`
    await kubectl(['create', '--raw', url, '--filename=-'], JSON.stringify(eviction))
  }

  test('the leader is evicted: the standby goes on within seconds, and a new one stands by', async () => {
    const { kubectl, namespace } = cluster()
    const first = await leader()
    await evict(first)
    const evicted = Date.now()
    await fleet.apply(activation(namespace, 'during-eviction'))
    const second = await eventually('another leader', 30, async () => {
      const now = await leader()
      return now !== '' && now !== first && now
    })
    await fleet.apply(activation(namespace, 'after-eviction'))
    await fleet.allReady('Activation')
    expect(Date.now() - evicted).toBeLessThan(20_000)
    expect(await leader()).toBe(second)
    expect(await database.tables()).toEqual(expect.arrayContaining(['main.during_eviction', 'main.after_eviction']))
    await kubectl(['rollout', 'status', 'deployment/engageops', '--timeout=60s'])
  })

  test('no second eviction is allowed before there is a standby again', async () => {
    const { kubectl } = cluster()
    const [one = '', other = ''] = await eventually('two replicas', 60, async () => {
      const pods = await kubectl(['get', 'pods', '--selector=app.kubernetes.io/name=engageops', '--output=name'])
      const names = pods
        .trim()
        .split('\n')
        .map((name) => name.replace('pod/', ''))
      return names.length === 2 && names
    })
    await eventually('an eviction that is allowed', 60, async () => evict(one).then(() => true))
    await expect(evict(other)).rejects.toThrow(/disruption budget/)
    await kubectl(['rollout', 'status', 'deployment/engageops', '--timeout=60s'])
  })
})

const SPACE = 'drained'

interface Pod {
  metadata: { labels: Record<string, string> }
  status: { phase: string }
}

async function writeCalls(file: string, count: number): Promise<void> {
  const from = Date.parse('2026-01-01T00:00:00Z')
  let text = ''
  for (let number = 0; number < count; number += 1) {
    const call = {
      type: 'identify',
      messageId: `many-${number}`,
      userId: `u${number % 1000}`,
      receivedAt: new Date(from + number * 1000).toISOString(),
      traits: { shoppers: number % 2 === 0 },
    }
    text += `${JSON.stringify(call)}\n`
  }
  await writeFile(file, text)
}

/** The volume `calls` over a folder of this machine. */
function volume(namespace: string, folder: string): object[] {
  const name = `calls-${namespace}`
  const spec = { accessModes: ['ReadOnlyMany'], storageClassName: '' }
  const capacity = { storage: '1Gi' }
  return [
    {
      apiVersion: 'v1',
      kind: 'PersistentVolume',
      metadata: { name },
      spec: { ...spec, capacity, hostPath: { path: folder } },
    },
    {
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: { name: 'calls', namespace },
      spec: { ...spec, resources: { requests: capacity }, volumeName: name },
    },
  ]
}

/** Local ports of a process's connections. */
async function portsOf(pid: number): Promise<number[]> {
  const lines = (await run(['ss', '--tcp', '--numeric', '--no-header', '--processes'])).split('\n')
  return lines.flatMap((line) => {
    const [, port] = /\S+:(\d+)\s+\S+:\d+/.exec(line) ?? []
    return line.includes(`pid=${pid},`) ? [Number(port)] : []
  })
}

async function run([program = '', ...args]: readonly string[]): Promise<string> {
  return (await promisify(execFile)(program, args)).stdout
}
