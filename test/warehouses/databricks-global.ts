import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { TestProject } from 'vitest/node'
import { type Spark, startSpark } from './databricks/spark.ts'
import './databricks-server.ts'

/** Global set-up of vitest: one Spark for all test files, started when the first of them asks for it (see databricks-server.ts). */
let starter: Server | undefined
let running: Promise<Spark> | undefined

export async function setup(project: TestProject): Promise<void> {
  starter = createServer((_request, response) => {
    running ??= startSpark()
    running.then(
      ({ port }) => response.end(`${port}`),
      (error: unknown) => response.writeHead(500).end(String(error)),
    )
  })
  starter.listen(0, '127.0.0.1')
  await once(starter, 'listening')
  const address = starter.address()
  if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
  project.provide('sparkStarter', `http://127.0.0.1:${address.port}`)
}

export async function teardown(): Promise<void> {
  starter?.close()
  await (await running?.catch(() => undefined))?.stop()
}
