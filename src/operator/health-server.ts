import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { Registry } from 'prom-client'

/** An endpoint of the operator: what it says, or why it is not well. */
export type Check = () => string | undefined

/** Serves `/livez` and `/readyz`: 200, or 503 with what is wrong. */
export async function serveHealth(port: number, checks: Record<'livez' | 'readyz', Check>): Promise<Server> {
  return await listen('/livez and /readyz (--health-port)', port, async (path) => {
    const check = path === '/livez' ? checks.livez : path === '/readyz' ? checks.readyz : undefined
    if (!check) return { code: 404, type: 'text/plain', body: 'not found\n' }
    const wrong = check()
    return { code: wrong === undefined ? 200 : 503, type: 'text/plain', body: `${wrong ?? 'ok'}\n` }
  })
}

/** Serves `/metrics` in the format of Prometheus. */
export async function serveMetrics(port: number, registry: Registry): Promise<Server> {
  return await listen('/metrics (--metrics-port)', port, async (path) =>
    path === '/metrics'
      ? { code: 200, type: registry.contentType, body: await registry.metrics() }
      : { code: 404, type: 'text/plain', body: 'not found\n' },
  )
}

type Answer = (path: string) => Promise<{ code: number; type: string; body: string }>

async function listen(what: string, port: number, answer: Answer): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    answer(path).then(
      ({ code, type, body }) => response.writeHead(code, { 'content-type': type }).end(body),
      () => response.writeHead(500).end(),
    )
  })
  server.listen(port)
  try {
    await once(server, 'listening')
  } catch (error) {
    const why = error instanceof Error ? error.message : error
    throw new Error(`cannot serve ${what}: ${why}: choose a port that is free`, { cause: error })
  }
  return server
}
