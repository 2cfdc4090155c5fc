import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { hasGo } from '../../scripts/go-tool.ts'
import { applyFolder } from '../../src/local/apply-folder.ts'
import type { SnowflakeSettings } from '../../src/model/warehouse-block.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { environmentOf, startServer } from '../object-store/on-store.ts'
import { hasPython } from '../tools/python-venv.ts'
import { describeEvents } from './conformance/events.ts'
import { describeLoad } from './conformance/load.ts'
import { Workbench } from './conformance/workbench.ts'
import { DUCKDB } from './places.ts'
import { Quickstart } from './quickstart.ts'
import { type SnowflakeServer, startSnowflake } from './snowflake-server.ts'

vi.setConfig({ testTimeout: 120_000 })

type Store = Awaited<ReturnType<typeof startServer>>

const STAGE = 'loading.files'

const isSkipped = !(hasGo() && hasPython()) && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
const reason = isSkipped ? ' (skipped: Go, which builds the S3 server, or python3 is not installed)' : ''

describe.skipIf(isSkipped)(`Snowflake, by COPY from an external stage${reason}`, () => {
  const bucket = `staging-${randomUUID()}`
  const url = `s3compat://${bucket}/stage`
  let store: Store
  let server: SnowflakeServer
  beforeAll(async () => {
    store = await startServer()
    await store.s3.createBucket({ Bucket: bucket })
    server = await startSnowflake(store.data)
  }, 600_000)
  afterAll(async () => {
    await server?.stop()
    await store?.stop()
  })

  const secrets = (keys = store.secret) => ({
    baseDir: '.',
    secret: async (reference: { name: string; key: string }) =>
      reference.name === 'warehouse' ? server.secret(reference) : environmentOf(keys).secret(reference),
  })

  /** A database whose stage has the URL of the bucket; files are put where the staging block says. */
  async function newSettings(staging: Partial<SnowflakeSettings['staging']>): Promise<SnowflakeSettings> {
    const settings = await server.createDatabase()
    const withoutStaging = await openWarehouse({ kind: 'snowflake', settings }, secrets())
    await using administrator = await withoutStaging.connect()
    await administrator.execute(`CREATE STAGE ${STAGE} URL = '${url}' STORAGE_INTEGRATION = buckets`)
    const endpoint = `http://127.0.0.1:${store.port}`
    return {
      ...settings,
      staging: { stage: STAGE, url, endpoint, credentialsSecretRef: { name: 'store' }, ...staging },
    }
  }

  async function setUp(staging: Partial<SnowflakeSettings['staging']> = {}, environment = secrets()) {
    const settings = await newSettings(staging)
    const warehouse = await openWarehouse({ kind: 'snowflake', settings }, environment)
    return { warehouse, tearDown: async () => undefined }
  }

  async function quickstartWith(staging: Partial<SnowflakeSettings['staging']>): Promise<Quickstart> {
    return await Quickstart.at({
      block: { snowflake: await newSettings(staging) },
      environment: {
        ENGAGEOPS_SECRET_WAREHOUSE_KEY: await server.secret({ name: 'warehouse', key: 'key' }),
        ENGAGEOPS_SECRET_STORE_ACCESSKEYID: store.secret.accessKeyId,
        ENGAGEOPS_SECRET_STORE_SECRETACCESSKEY: store.secret.secretAccessKey,
      },
      stop: async () => undefined,
    })
  }
  const objects = async () => (await store.s3.listObjectsV2({ Bucket: bucket })).Contents ?? []

  describeLoad({ setUp, gaps: {} })
  describeEvents({ setUp, gaps: {} })

  it('loads parts of the same columns at once, and leaves no file behind', async () => {
    const bench = await Workbench.open(setUp)
    const parts = [
      await bench.part(['a', 'b'], [{ a: '1', b: '' }]),
      await bench.part(['a'], [{ a: '2' }]),
      await bench.part(['a', 'b'], [{ a: '3', b: null }]),
    ]
    const columns = ['a', 'b'].map((name) => ({ name, type: 'String' as const }))
    const stage = await bench.session.stage({ schema: bench.stageSchema, columns, parts })
    const found = await bench.session.query(`SELECT a, b FROM ${stage} ORDER BY 1`)
    expect(found).toEqual([
      { a: '1', b: '' },
      { a: '2', b: null },
      { a: '3', b: null },
    ])
    expect(await objects()).toEqual([])
    await bench.close()
  })

  it('leaves no file behind when COPY fails', async () => {
    const bench = await Workbench.open(setUp)
    await expect(bench.stage({ n: 'Integer' }, [{ n: 'not a number' }])).rejects.toMatchObject({ name: 'EngageError' })
    expect(await objects()).toEqual([])
    await bench.close()
  })

  it.each<[string, Partial<SnowflakeSettings['staging']>, string, string]>([
    [
      'a URL that is not that of the stage',
      { url: `${url}/elsewhere` },
      'WarehouseError',
      'write the URL that DESC STAGE loading.files shows into spec.snowflake.staging.url',
    ],
    ['no such stage', { stage: 'loading.nope' }, 'WarehouseError', 'GRANT USAGE ON STAGE'],
    ['no such bucket', { url: `s3compat://no-${bucket}` }, 'WarehouseError', 'there is no bucket'],
    ['no such Secret', { credentialsSecretRef: { name: 'nope' } }, 'SecretNotFound', 'Secret nope'],
  ])('tells of %s', async (_name, staging, reason, message) => {
    const bench = await Workbench.open(() => setUp(staging))
    await expect(bench.stage({ n: 'Integer' }, [{ n: '1' }])).rejects.toMatchObject({
      reason,
      message: expect.stringContaining(message),
    })
    expect(await objects()).toEqual([])
    await bench.close()
  })

  it('tells of credentials that the store refuses, and not what they are', async () => {
    const secretAccessKey = randomUUID()
    const bench = await Workbench.open(() => setUp({}, secrets({ ...store.secret, secretAccessKey })))
    const refused = await bench.stage({ n: 'Integer' }, [{ n: '1' }]).catch((error: unknown) => error)
    expect(refused).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
    expect(String(refused)).toContain('spec.snowflake.staging.url s3compat://')
    expect(String(refused)).toContain('correct the Secret store')
    expect(String(refused)).not.toContain(secretAccessKey)
    await bench.close()
  })

  it('loads the quickstart as DuckDB does', async () => {
    await using onDuckDb = await Quickstart.at(await DUCKDB.start())
    await using onSnowflake = await quickstartWith({})
    for (const quickstart of [onDuckDb, onSnowflake]) {
      await quickstart.apply()
      await quickstart.sync()
    }
    expect(await onSnowflake.tables()).toEqual(await onDuckDb.tables())
    expect(await objects()).toEqual([])
  })

  it('is part of the connection test', async () => {
    await using quickstart = await quickstartWith({ url: `s3compat://no-${bucket}` })
    const folder = await quickstart.open()
    await applyFolder(folder)
    const [destination] = await folder.store.destinations()
    expect(destination?.status?.connection).toMatchObject({ state: 'Failed' })
    expect(destination?.status?.connection?.steps.find(({ status }) => status === 'Failed')).toMatchObject({
      name: 'Load',
      message: expect.stringContaining('spec.snowflake.staging.url'),
    })
  })
})
