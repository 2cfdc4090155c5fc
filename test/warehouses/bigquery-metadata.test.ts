import { afterEach, describe, expect, it } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { type ApiAnswer, type ApiRequest, ApiServer, keyFor, refusal } from './bigquery-api.ts'

const ok = (body: object): ApiAnswer => ({ status: 200, body })
const DAY_MS = 24 * 3600_000

describe('what the API tells of datasets and statements', () => {
  let server: ApiServer
  afterEach(() => server?.stop())

  const open = async (answer: (request: ApiRequest) => ApiAnswer) => {
    server = await ApiServer.start((request) =>
      request.path === '/token' ? ok({ access_token: 'token', expires_in: 3600 }) : answer(request),
    )
    const serviceAccountSecretRef = { name: 'warehouse', key: 'key.json' }
    const settings = { projectId: 'project', location: 'EU', serviceAccountSecretRef, endpoint: server.url }
    return openWarehouse({ kind: 'bigquery', settings }, { baseDir: '.', secret: async () => keyFor(server.url) })
  }

  it('datasets whose tables or days end by themselves, with the SQL that stops it', async () => {
    const datasets: Record<string, ApiAnswer> = {
      forever: ok({}),
      tables: ok({ defaultTableExpirationMs: String(60 * DAY_MS) }),
      both: ok({ defaultTableExpirationMs: String(DAY_MS / 2), defaultPartitionExpirationMs: String(7 * DAY_MS) }),
      hidden: refusal(403, 'accessDenied', 'Access Denied: bigquery.datasets.get'),
    }
    const names = Object.keys(datasets)
    const warehouse = await open(({ method, path }) => {
      if (method === 'POST') return ok({ status: { state: 'DONE' } })
      const dataset = path.match(/\/datasets\/(\w+)/)?.[1]
      if (dataset !== undefined) return datasets[dataset] ?? 'HangUp'
      const rows = names.map((v) => ({ f: [{ v }] }))
      return ok({ jobComplete: true, schema: { fields: [{ name: 'schema_name', type: 'STRING' }] }, rows })
    })
    await using session = await warehouse.connect()
    const { schemas, expirations } = await session.observe([...names, 'missing'])
    expect(schemas).toEqual(names)
    expect(expirations).toEqual([
      {
        schema: 'tables',
        message:
          'tables that are made in it are deleted after 60 days (default_table_expiration_days): run ' +
          'ALTER SCHEMA `tables` SET OPTIONS (default_table_expiration_days = NULL), and for each table that was made ' +
          'before ALTER TABLE ... SET OPTIONS (expiration_timestamp = NULL)',
      },
      {
        schema: 'both',
        message:
          'tables that are made in it are deleted after 0.5 days (default_table_expiration_days), the days of tables of ' +
          'calls that are made in it are deleted after 7 days (default_partition_expiration_days): run ' +
          'ALTER SCHEMA `both` SET OPTIONS (default_table_expiration_days = NULL, default_partition_expiration_days = NULL), ' +
          'and for each table that was made before ALTER TABLE ... SET OPTIONS (expiration_timestamp = NULL, ' +
          'partition_expiration_days = NULL)',
      },
    ])
    const fixes = expirations?.flatMap(({ message }) => message.match(/ALTER SCHEMA [^)]+\)/) ?? []) ?? []
    await expect(`${fixes.join(';\n\n')};\n`).toMatchFileSnapshot('golden/bigquery/expirations.sql')
  })

  it('what statements would read, by dry runs alone; one that is refused does not hide the others', async () => {
    const { estimator } = await open(({ body }) => {
      const sql: string = JSON.parse(body.toString()).configuration.query.query
      if (sql === 'bad') return refusal(400, 'invalidQuery', 'Name x not found')
      return ok({
        status: { state: 'DONE' },
        statistics: sql === 'silent' ? {} : { totalBytesProcessed: '123456789012' },
      })
    })
    const found = await estimator?.bytesOf(['good', 'bad', 'silent'])
    expect(found?.[0]).toBe(123_456_789_012)
    expect(found?.slice(1).map((it) => it instanceof EngageError && it.message)).toEqual([
      'BigQuery refused a statement: Name x not found [invalidQuery]',
      'the dry run of a statement tells no bytes',
    ])
    const jobs = server.requests.filter(({ path }) => path !== '/token')
    expect(jobs.map(({ body }) => JSON.parse(body.toString()).configuration.dryRun)).toEqual([true, true, true])
  })
})
