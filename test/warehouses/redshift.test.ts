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
  return { warehouse: await openWarehouse({ kind: 'redshift', settings }, environment), tearDown: () => server.stop() }
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

  it('leaves no file behind, also when COPY fails', async () => {
    const bench = await Workbench.open(onStore)
    const loaded = await bench.stage({ n: 'Integer', v: 'String' }, [{ n: '1', v: 'x' }])
    expect(await bench.session.query(`SELECT * FROM ${loaded}`)).toEqual([{ n: '1', v: 'x' }])
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
