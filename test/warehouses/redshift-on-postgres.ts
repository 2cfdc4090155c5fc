import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { startPostgres } from './postgres-server.ts'

/**
 * A stand-in for Redshift: the test run's Postgres, with texts in the order of their bytes and backslashes that escape,
 * behind a proxy that takes the layout of tables out of statements. What both take they mean the same by.
 */
export async function startRedshift() {
  const postgres = await startPostgres()
  const proxy = createServer((client) => relay(client, connect(postgres.port, postgres.host)))
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    host: '127.0.0.1',
    port: (proxy.address() as AddressInfo).port,
    user: postgres.user,
    password: postgres.password,
    async createDatabase() {
      const name = await postgres.createDatabase("TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
      await postgres.run('postgres', `ALTER DATABASE ${name} SET standard_conforming_strings = off`)
      await postgres.run('postgres', `ALTER DATABASE ${name} SET escape_string_warning = off`)
      return name
    },
    async stop() {
      proxy.close()
      await postgres.stop()
    },
  }
}

/** The first message has no type: it is passed on as it is. */
function relay(client: Socket, server: Socket): void {
  let waiting = Buffer.alloc(0)
  let started = false
  client.on('data', (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    for (;;) {
      const offset = started ? 1 : 0
      if (waiting.length < offset + 4) return
      const length = offset + waiting.readUInt32BE(offset)
      if (waiting.length < length) return
      const message = waiting.subarray(0, length)
      waiting = waiting.subarray(length)
      server.write(
        started && message[0] === QUERY ? queryMessage(translate(message.toString('utf8', 5, length - 1))) : message,
      )
      started = true
    }
  })
  server.pipe(client)
  client.on('close', () => server.destroy())
  server.on('close', () => client.destroy())
  client.on('error', () => server.destroy())
  server.on('error', () => client.destroy())
}

const QUERY = 'Q'.charCodeAt(0)

function queryMessage(sql: string): Buffer {
  const text = Buffer.from(`${sql}\0`)
  const head = Buffer.alloc(5)
  head[0] = QUERY
  head.writeUInt32BE(text.length + 4, 1)
  return Buffer.concat([head, text])
}

const LAYOUT = /^(CREATE TABLE [\s\S]*\n\))(?: DISTKEY \("\w+"\))?(?: SORTKEY \("\w+"\))?$/

const translate = (sql: string): string => sql.replace(LAYOUT, '$1')
