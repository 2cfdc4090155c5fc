import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { request as secureRequest } from 'node:https'

/** What the proxy answers in place of the API server; undefined: it lets the request through. */
export type Fault = (method: string, path: string) => { code: number; headers?: Record<string, string> } | undefined

/** A proxy before an API server that refuses requests as it is told. */
export class FaultyProxy implements AsyncDisposable {
  /** A kubeconfig that leads through the proxy. */
  readonly kubeconfig: string
  fault: Fault = () => undefined
  refused = 0
  readonly #server: Server

  private constructor(server: Server, kubeconfig: string) {
    this.#server = server
    this.kubeconfig = kubeconfig
  }

  /** Before the API server of a kubeconfig that is written as JSON and has a token, as the control plane's are. */
  static async before(kubeconfig: string): Promise<FaultyProxy> {
    const config: { clusters: [{ cluster: { server: string; 'certificate-authority-data'?: string } }] } = JSON.parse(
      await readFile(kubeconfig, 'utf8'),
    )
    const [{ cluster }] = config.clusters
    const target = new URL(cluster.server)
    const ca = Buffer.from(cluster['certificate-authority-data'] ?? '', 'base64')
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    const file = `${kubeconfig}.proxy-${address.port}`
    const proxied = {
      ...config,
      clusters: [
        { name: 'test', cluster: { server: `http://127.0.0.1:${address.port}`, 'insecure-skip-tls-verify': true } },
      ],
    }
    await writeFile(file, JSON.stringify(proxied), { mode: 0o600 })
    const proxy = new FaultyProxy(server, file)
    server.on('request', (incoming: IncomingMessage, answer: ServerResponse) =>
      proxy.#answer(incoming, answer, target, ca),
    )
    return proxy
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  #answer(incoming: IncomingMessage, answer: ServerResponse, target: URL, ca: Buffer): void {
    const { method = 'GET', url: path = '/', headers } = incoming
    const fault = this.fault(method, path)
    if (fault) {
      this.refused += 1
      incoming.resume()
      answer.writeHead(fault.code, fault.headers).end('not now')
      return
    }
    const forward = target.protocol === 'https:' ? secureRequest : request
    const outgoing = forward(new URL(path, target), { method, headers, ca }, (found) => {
      answer.writeHead(found.statusCode ?? 502, found.headers)
      answer.flushHeaders()
      found.pipe(answer)
      found.on('error', () => answer.destroy())
    })
    outgoing.on('error', () => answer.destroy())
    answer.on('close', () => outgoing.destroy())
    incoming.pipe(outgoing)
  }
}
