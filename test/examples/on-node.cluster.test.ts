import { chownSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { PROJECT_IMAGE } from '../kubernetes/image.ts'
import { describeOnNode, type TestNode } from '../kubernetes/on-cluster.ts'
import { startServer } from '../object-store/on-store.ts'
import { type Forward, forward } from '../operator/forward.ts'
import { RunningOperator } from '../operator/running-operator.ts'
import { WatchedDatabase } from '../operator/watched-database.ts'

const EXAMPLES = path.join(import.meta.dirname, '../../examples')
/** Pods run as this user. */
const POD_USER = 65_532

/** The examples as a reader of docs/kubernetes.md applies them: only addresses, passwords and the image are others. */
describeOnNode('the examples, with pods', (node) => {
  let database: WatchedDatabase
  let tunnel: Forward
  let operator: RunningOperator

  beforeAll(async () => {
    const { kubeconfig, namespace, network } = node()
    database = await WatchedDatabase.create()
    tunnel = await forward(network.host, database.port)
    operator = await RunningOperator.start({ kubeconfig, namespace, flags: ['--sync-image', PROJECT_IMAGE] })
  }, 600_000)

  afterAll(async () => {
    await operator?.[Symbol.asyncDispose]()
    await tunnel?.[Symbol.asyncDispose]()
    await database?.[Symbol.asyncDispose]()
  })

  /** Applies an example, its fields of these kinds and names being replaced. */
  const applyExample = async (example: string, edits: Record<string, object> = {}) => {
    const { network, kubectl } = node()
    const { database: name } = database
    const postgres = { host: network.host, port: tunnel.port, database: name, username: 'postgres', sslMode: 'Disable' }
    const all: Record<string, object> = {
      'Secret/warehouse': { stringData: { password: database.password } },
      'WarehouseDestination/warehouse': { spec: { postgres } },
      ...edits,
    }
    const files = globSync(`${example}/*.yaml`, { cwd: EXAMPLES }).map((file) => path.join(EXAMPLES, file))
    const items = files
      .flatMap((file) => parseAllDocuments(readFileSync(file, 'utf8')).map((document) => document.toJS()))
      .map((item) => merged(item, all[`${item.kind}/${item.metadata.name}`] ?? {}))
    await kubectl(['apply', '--filename=-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items }))
  }

  const becomesReady = () => node().kubectl(['wait', '--for=condition=Ready', KINDS, '--all', '--timeout=90s'])

  const sync = async (request: string) => {
    const { kubectl } = node()
    await kubectl(['annotate', 'engagespace', 'default', `engageops.dev/sync-requested-at=${request}`])
    await kubectl(['wait', '--for=condition=SyncHealthy', 'engagespace/default', '--timeout=90s'])
  }

  /** The rows of the seed's tables. */
  const expectRows = async () => {
    const users =
      'SELECT id, first_time_shopper, total_revenue_180_days::float8 AS revenue FROM engage_default.users ORDER BY id'
    expect(await database.query(users)).toEqual([
      { id: 'u123', first_time_shopper: true, revenue: 450 },
      { id: 'u456', first_time_shopper: true, revenue: 79.9 },
    ])
    const carts = 'SELECT user_id, event_name FROM "default".abandoned_carts ORDER BY received_at'
    expect(await database.query(carts)).toEqual([
      { user_id: 'u123', event_name: 'Entity Added' },
      { user_id: 'u456', event_name: 'Entity Added' },
      { user_id: 'u456', event_name: 'Entity Removed' },
    ])
  }

  test('examples/kubernetes: a Job fills the volume, a sync loads it', async () => {
    const { kubectl, apply, namespace } = node()
    const folder = mkdtempSync(path.join(tmpdir(), 'engageops-volume-'))
    chownSync(folder, POD_USER, POD_USER)
    onTestFinished(async () => {
      await kubectl(['delete', 'persistentvolume', namespace, '--wait=false'])
      rmSync(folder, { recursive: true })
    })
    // In place of a storage class.
    await apply(volumeFor(node(), folder))
    await applyExample('kubernetes', {
      'PersistentVolumeClaim/calls': { spec: { storageClassName: '', volumeName: namespace } },
      'Job/example-calls': { spec: { template: { spec: { containers: [{ image: PROJECT_IMAGE }] } } } },
    })
    await kubectl(['wait', '--for=condition=Complete', 'job/example-calls', '--timeout=90s'])
    await becomesReady()
    await sync('volume')
    await expectRows()
    await kubectl(['delete', KINDS, '--all'])
  })

  test('examples/kubernetes-s3: a sync loads the bucket', async () => {
    const { network } = node()
    await using server = await openStore(network.host)
    for (const file of globSync('quickstart/calls/*', { cwd: EXAMPLES }))
      await server.put(
        `segment-logs/source/1763942400000/${path.basename(file)}.gz`,
        readFileSync(path.join(EXAMPLES, file)),
      )
    await database.query('DROP SCHEMA engage_default, "default", engageops CASCADE')
    await applyExample('kubernetes-s3', {
      'Secret/segment-bucket': { stringData: server.secret },
      'EngageSpace/default': {
        spec: { sources: [{ objectStore: { endpoint: server.endpoint, region: 'us-east-1' } }] },
      },
    })
    await becomesReady()
    await sync('bucket')
    await expectRows()
  })
})

const KINDS = 'warehousedestinations,engagespaces,activations'

const volumeFor = ({ namespace }: TestNode, folder: string) => ({
  apiVersion: 'v1',
  kind: 'PersistentVolume',
  metadata: { name: namespace },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: folder },
    claimRef: { namespace, name: 'calls' },
  },
})

/** An S3 server with the bucket of the example, where pods reach it. */
async function openStore(host: string) {
  const server = await startServer()
  // The client of AWS adds fields of its own.
  const { accessKeyId, secretAccessKey } = server.secret
  const tunnel = await forward(host, server.port)
  await server.s3.createBucket({ Bucket: 'my-bucket' })
  return {
    endpoint: `http://${host}:${tunnel.port}`,
    secret: { accessKeyId, secretAccessKey },
    put: (key: string, text: Buffer) => server.s3.putObject({ Bucket: 'my-bucket', Key: key, Body: gzipSync(text) }),
    async [Symbol.asyncDispose]() {
      await tunnel[Symbol.asyncDispose]()
      await server.stop()
    },
  }
}

/** A value with others in place of some of it: maps are merged, and lists item by item. */
function merged(value: unknown, other: unknown): unknown {
  if (Array.isArray(value) && Array.isArray(other))
    return value.map((item, index) => (index in other ? merged(item, other[index]) : item))
  if (typeof value !== 'object' || typeof other !== 'object' || value === null || other === null) return other
  const entries = Object.entries(other).map(([key, item]) => [
    key,
    key in value ? merged(Object(value)[key], item) : item,
  ])
  return { ...value, ...Object.fromEntries(entries) }
}
