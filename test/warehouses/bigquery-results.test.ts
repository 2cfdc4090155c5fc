import { afterEach, expect, it } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { type ApiAnswer, ApiServer, keyFor } from './bigquery-api.ts'

const FIELDS = [
  { name: 'id', type: 'STRING' },
  { name: 'at', type: 'TIMESTAMP' },
  { name: 'score', type: 'FLOAT' },
  { name: 'tags', type: 'STRING' },
]
const row = (...cells: unknown[]) => ({ f: cells.map((v) => ({ v })) })
const ok = (body: object): ApiAnswer => ({ status: 200, body })

let server: ApiServer
afterEach(() => server?.stop())

it('waits for a job as long as it runs, and reads all pages of its results', async () => {
  const answers = [
    ok({ jobComplete: false }),
    ok({ jobComplete: false }),
    ok({
      jobComplete: true,
      schema: { fields: FIELDS },
      rows: [row('a', '1767323045123456', '1.0', null), row('b', '-62135596800000000', '0.5', [{ v: 'x' }])],
      pageToken: 'more/2',
    }),
    ok({ jobComplete: true, schema: { fields: FIELDS }, rows: [row('', '-1', '1e+21', 'y')] }),
  ]
  server = await ApiServer.start(({ path, method }) => {
    if (path === '/token') return ok({ access_token: 'token', expires_in: 3600 })
    if (method === 'POST') return ok({ status: { state: 'RUNNING' } })
    return answers.shift() ?? 'HangUp'
  })
  const serviceAccountSecretRef = { name: 'warehouse', key: 'key.json' }
  const settings = { projectId: 'project', location: 'EU', serviceAccountSecretRef, endpoint: server.url }
  const environment = { baseDir: '.', secret: async () => keyFor(server.url) }
  const warehouse = await openWarehouse({ kind: 'bigquery', settings }, environment)
  await using session = await warehouse.connect()
  expect(await session.query('SELECT …')).toEqual([
    { id: 'a', at: '2026-01-02T03:04:05.123456Z', score: '1', tags: null },
    { id: 'b', at: '0001-01-01T00:00:00Z', score: '0.5', tags: '[{"v":"x"}]' },
    { id: '', at: '1969-12-31T23:59:59.999999Z', score: '1e+21', tags: 'y' },
  ])
  const asked = server.requests.filter(({ path }) => path.includes('/queries/')).map(({ path }) => path)
  expect(asked.every((path) => path.includes('location=EU') && path.includes('useInt64Timestamp=true'))).toBe(true)
  expect(asked.map((path) => path.includes('pageToken=more%2F2'))).toEqual([false, false, false, true])
})
