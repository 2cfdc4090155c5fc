import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { onTestFinished } from 'vitest'
import type { ClusterAccess, Credentials } from '../../src/kube/access.ts'
import { KubeClient, type KubeClientOptions } from '../../src/kube/client.ts'

export interface Received {
  method: string
  path: string
  query: URLSearchParams
  headers: IncomingHttpHeaders
  body: string
}

/** A server that answers as the test says: for faults that a real API server does not show at will. */
export async function scriptedServer(answer: (request: Received, response: ServerResponse, socket: Socket) => void) {
  const requests: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost')
      const { method = '', headers } = request
      const received = { method, path: pathname, query: searchParams, headers, body }
      requests.push(received)
      answer(received, response, request.socket)
    })
  })
  let connections = 0
  server.on('connection', (socket) => {
    connections += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = async () => {
    for (const socket of sockets) socket.destroy()
    if (server.listening) await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, requests, connections: () => connections, close }
}

/** Access by a token that can be refused: each new one is another. */
export function tokens(server: string): ClusterAccess & { given: number } {
  const access = {
    server,
    namespace: 'default',
    proxyUrl: undefined,
    given: 1,
    credentials: async (): Promise<Credentials> => ({
      headers: { Authorization: `Bearer token-${access.given}` },
      tls: {},
    }),
    invalidate: () => {
      access.given += 1
    },
  }
  return access
}

export function clientOf(server: string, options: Partial<KubeClientOptions> = {}): KubeClient {
  const client = new KubeClient({ access: tokens(server), userAgent: 'test/1', ...options })
  onTestFinished(() => client.close())
  return client
}

export function json(response: ServerResponse, body: unknown, code = 200, headers: Record<string, string> = {}): void {
  response.writeHead(code, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body))
}

export function refuse(
  response: ServerResponse,
  code: number,
  reason: string,
  headers: Record<string, string> = {},
): void {
  json(response, { kind: 'Status', status: 'Failure', code, reason, message: `${reason}!` }, code, headers)
}
