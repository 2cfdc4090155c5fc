import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { SESSION_SETTINGS } from '../../src/warehouses/snowflake/config.ts'

/** What Snowflake says to a login or a statement that it refuses: its code and its words. */
export type Refusal = { code: string; message: string } | { status: number }

/**
 * A server that speaks the protocol of Snowflake and refuses as it is told: errors that the emulator has no way to make,
 * in the vendor's words.
 */
export async function scriptSnowflake(refusals: {
  login?: Refusal
  statement?: (sql: string) => Refusal | undefined
  /** Where the driver is sent with the file of the n-th PUT. */
  storage?: (put: number) => object
}) {
  const statements: string[] = []
  const putOf = (sql: string) => ({
    command: 'UPLOAD',
    src_locations: [/^PUT 'file:\/\/([^']*)'/.exec(sql)?.[1]],
    stageInfo: refusals.storage?.(statements.filter((one) => one.startsWith('PUT ')).length),
    parallel: 1,
    autoCompress: false,
    sourceCompression: 'gzip',
    overwrite: true,
  })
  const server = createServer(async (request, response) => {
    const { sqlText = '' } = await bodyOf(request)
    const isLogin = request.url?.startsWith('/session/v1/login-request')
    if (sqlText !== '') statements.push(sqlText)
    const refusal = isLogin ? refusals.login : refusals.statement?.(sqlText)
    if (refusal && 'status' in refusal) return response.writeHead(refusal.status).end('<html></html>')
    const answer = refusal
      ? { success: false, ...refusal, data: { queryId: 'query-1', sqlState: '42000' } }
      : { success: true, data: sqlText.startsWith('PUT ') ? putOf(sqlText) : dataOf(sqlText) }
    return response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** What was run, without what every session begins with. */
    statements: () =>
      statements.filter((sql) => sql !== SESSION_SETTINGS && !sql.startsWith('SELECT CURRENT_DATABASE')),
    stop() {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The row that every SELECT gives, and what a login is answered. */
function dataOf(sql: string): object {
  if (!sql.startsWith('SELECT')) return { token: 't', masterToken: 't', sessionId: 1, ...resultOf([], []) }
  return sql.includes('CURRENT_DATABASE')
    ? resultOf(['DATABASE', 'WAREHOUSE', 'VERSION'], ['D', 'W', '10.0.0'])
    : resultOf(['ID'], ['1'])
}

const resultOf = (names: string[], row: string[]) => ({
  parameters: [],
  rowtype: names.map((name) => ({ name, type: 'text', nullable: true })),
  rowset: names.length > 0 ? [row] : [],
  total: Math.min(1, names.length),
  returned: Math.min(1, names.length),
})

async function bodyOf(request: IncomingMessage): Promise<{ sqlText?: string }> {
  const pieces: Buffer[] = []
  for await (const piece of request) pieces.push(piece)
  const body = Buffer.concat(pieces)
  const text = request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body
  return text.length > 0 ? JSON.parse(text.toString()) : {}
}
