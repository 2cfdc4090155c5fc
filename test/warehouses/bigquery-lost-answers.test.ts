import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, it } from 'vitest'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { type ApiAnswer, type ApiRequest, ApiServer } from './bigquery-api.ts'
import { type BigQueryServer, describeOnBigQuery } from './bigquery-server.ts'

describeOnBigQuery('BigQuery, whose answers are lost', (server) => {
  /** Passes requests on to the emulator; what it did for the first of some, nobody hears of. */
  const proxied = async (isLost: (request: ApiRequest) => boolean) => {
    let lost = 0
    return ApiServer.start(async (request): Promise<ApiAnswer> => {
      const answer = await forward(server(), request)
      if (!isLost(request)) return answer
      lost += 1
      return lost === 1 ? 'HangUp' : answer
    })
  }
  const connect = async (endpoint: string): Promise<Session> => {
    const settings = { ...server().newProject(), endpoint }
    const warehouse = await openWarehouse(
      { kind: 'bigquery', settings },
      { baseDir: '.', secret: async () => server().key },
    )
    const session = await warehouse.connect()
    await session.execute('CREATE SCHEMA d')
    return session
  }

  it('writes rows once', async () => {
    const proxy = await proxied(({ body }) => body.includes('INSERT INTO'))
    await using session = await connect(proxy.url)
    await session.execute('CREATE TABLE d.t (id STRING)')
    expect(await session.execute("INSERT INTO d.t (id) VALUES ('a'), ('b')")).toBe(2)
    expect(await session.query('SELECT id FROM d.t ORDER BY id')).toEqual([{ id: 'a' }, { id: 'b' }])
    expect(proxy.requests.filter(({ body }) => body.includes('INSERT INTO'))).toHaveLength(2)
    proxy.stop()
  })

  it.each([
    ['of an upload', ({ path: url }: ApiRequest) => url.startsWith('/upload/')],
    ['of the table that is made', ({ method, path: url }: ApiRequest) => method === 'POST' && url.includes('/tables?')],
    ['of the table that is dropped', ({ method }: ApiRequest) => method === 'DELETE'],
  ])('stages rows once: the answer %s', async (_name, isLost) => {
    const proxy = await proxied(isLost)
    const directory = await mkdtemp(path.join(tmpdir(), 'engageops-'))
    const file = path.join(directory, 'part.csv')
    await writeFile(file, 'a\nb\n')
    await using session = await connect(proxy.url)
    const part = { path: file, columns: ['id'], rows: 2, longestLine: 2 }
    const stage = await session.stage({ schema: 'd', columns: [{ name: 'id', type: 'String' }], parts: [part] })
    expect(await session.query(`SELECT count(*) AS n FROM ${stage}`)).toEqual([{ n: '2' }])
    await session.dropStage(stage)
    expect((await session.observe(['d'])).tables).toEqual([])
    proxy.stop()
    await rm(directory, { recursive: true })
  })
})

async function forward(
  { url }: BigQueryServer,
  { method, path: target, headers, body }: ApiRequest,
): Promise<ApiAnswer> {
  const { authorization = '', 'content-type': type = 'application/json' } = headers
  const content = method === 'GET' || method === 'DELETE' ? {} : { body: new Uint8Array(body) }
  const response = await fetch(url + target, { method, headers: { authorization, 'content-type': type }, ...content })
  const text = await response.text()
  return { status: response.status, body: text === '' ? {} : JSON.parse(text) }
}
