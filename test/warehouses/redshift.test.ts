import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasGo } from '../../scripts/go-tool.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { startServer } from '../object-store/on-store.ts'
import { describeEvents } from './conformance/events.ts'
import { describeLoad } from './conformance/load.ts'
import { Workbench } from './conformance/workbench.ts'
import { describeWarehouse } from './conformance.ts'
import { startRedshift } from './redshift-on-postgres.ts'

type Store = Awaited<ReturnType<typeof startServer>>

const IAM_ROLE = 'arn:aws:iam::123456789012:role/redshift'

async function setUp(store?: Store, s3Url?: string) {
  const server = await startRedshift(store?.s3)
  const settings = {
    host: server.host,
    port: server.port,
    database: await server.createDatabase(),
    username: server.user,
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'Disable' as const,
    ...(s3Url === undefined ? {} : { staging: { s3Url, iamRole: IAM_ROLE } }),
  }
  const environment = { baseDir: '.', secret: async () => server.password }
  const warehouse = await openWarehouse({ kind: 'redshift', settings }, environment)
  return { warehouse, copies: server.copies, tearDown: () => server.stop() }
}

describeWarehouse('Redshift', () => setUp(), {
  'takes a name of the longest length as it is': 'names of Postgres have 63 bytes',
})

const isSkipped = !hasGo() && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
const reason = isSkipped ? ' (skipped: Go, which builds the S3 server, is not installed)' : ''

describe.skipIf(isSkipped)(`Redshift, by COPY from S3${reason}`, () => {
  const bucket = `staging-${randomUUID()}`
  let store: Store
  beforeAll(async () => {
    store = await startServer()
    await store.s3.createBucket({ Bucket: bucket })
    vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${store.port}`)
    vi.stubEnv('AWS_ACCESS_KEY_ID', store.secret.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', store.secret.secretAccessKey)
  }, 600_000)
  afterAll(async () => {
    vi.unstubAllEnvs()
    await store?.stop()
  })

  const onStore = () => setUp(store, `s3://${bucket}/stage`)
  const objects = async () => (await store.s3.listObjectsV2({ Bucket: bucket })).Contents ?? []

  describeLoad({ setUp: onStore, gaps: {} })
  describeEvents({ setUp: onStore, gaps: {} })

  it('copies all parts at once, inserts rows that COPY would not take, and leaves no file behind', async () => {
    const subject = await onStore()
    const bench = await Workbench.open(async () => subject)
    const names = Array.from({ length: 10 }, (_, number) => `v${number}`)
    const row = (length: number) => Object.fromEntries(names.map((name) => [name, 'x'.repeat(length)]))
    const parts = [
      await bench.part(names, [row(1)]),
      await bench.part(['v1'], [row(2)]),
      await bench.part(names, [row(60_000)]),
    ]
    const columns = names.map((name) => ({ name, type: 'String' as const }))
    const stage = await bench.session.stage({ schema: bench.stageSchema, columns, parts })
    const found = await bench.session.query(
      `SELECT octet_length(v1) AS bytes, v2 IS NULL AS lacks FROM ${stage} ORDER BY 1`,
    )
    expect(found).toEqual([
      { bytes: '1', lacks: 'false' },
      { bytes: '2', lacks: 'true' },
      { bytes: '60000', lacks: 'false' },
    ])
    expect(subject.copies).toHaveLength(1)
    expect(await objects()).toEqual([])
    await bench.close()
  })

  it('leaves no file behind when COPY fails', async () => {
    const bench = await Workbench.open(onStore)
    await expect(bench.stage({ n: 'Integer' }, [{ n: 'not a number' }])).rejects.toMatchObject({ name: 'EngageError' })
    expect(await objects()).toEqual([])
    await bench.close()
  })

  it('tells what is wrong with the bucket', async () => {
    const bench = await Workbench.open(() => setUp(store, `s3://no-${bucket}/stage`))
    await expect(bench.stage({ n: 'Integer' }, [{ n: '1' }])).rejects.toMatchObject({
      reason: 'WarehouseError',
      consequence: 'Stalled',
      message: expect.stringContaining('spec.redshift.staging.s3Url'),
    })
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', randomUUID())
    const refused = bench.stage({ n: 'Integer' }, [{ n: '1' }])
    await expect(refused).rejects.toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', store.secret.secretAccessKey)
    await bench.close()
  })
})
