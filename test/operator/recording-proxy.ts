import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Agent, request as send } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'

/** A request as it came in. */
export interface Recorded {
  method: string
  /** Without its query. */
  path: string
  query: URLSearchParams
  /** The media types that the client wants. */
  accept: string
  /** Whether the answer has held the text that the proxy looks for. */
  heldText: boolean
}

/** Stands before an API server, passes everything on, and remembers what was asked. */
export class RecordingProxy implements AsyncDisposable {
  readonly requests: Recorded[] = []
  /** File of those who go through the proxy. */
  readonly kubeconfig: string
  readonly #folder: string
  readonly #target: URL
  readonly #agent: Agent
  readonly #server: Server
  #text: string | undefined

  private constructor(folder: string, target: URL, agent: Agent) {
    this.#folder = folder
    this.#target = target
    this.#agent = agent
    this.kubeconfig = path.join(folder, 'kubeconfig')
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing))
  }

  /** Before the cluster of a kubeconfig whose user has a token. */
  static async before(kubeconfig: string): Promise<RecordingProxy> {
    const config = new KubeConfig()
    config.loadFromFile(kubeconfig)
    const cluster = config.getCurrentCluster()
    const token = config.getCurrentUser()?.token
    if (!cluster || !token) throw new Error(`${kubeconfig} names no cluster, or no token`)
    const ca = Buffer.from(cluster.caData ?? '', 'base64')
    const folder = await mkdtemp(path.join(tmpdir(), 'engageops-proxy-'))
    const proxy = new RecordingProxy(folder, new URL(cluster.server), new Agent({ keepAlive: true, ca }))
    await proxy.#listen(token)
    return proxy
  }

  /** Looks for a text in all answers from now on; see `Recorded.heldText`. */
  lookFor(text: string): void {
    this.#text = text
  }

  /** Requests that change something, but for those of Leases. */
  get writes(): Recorded[] {
    return this.requests.filter(({ method, path: of }) => method !== 'GET' && !of.includes('/leases'))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    this.#server.closeAllConnections()
    this.#agent.destroy()
    await rm(this.#folder, { recursive: true, force: true })
  }

  async #listen(token: string): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    const cluster = { server: `http://127.0.0.1:${address.port}`, 'insecure-skip-tls-verify': true }
    // A kubeconfig is YAML, and so may be JSON.
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'proxy',
      clusters: [{ name: 'proxy', cluster }],
      users: [{ name: 'proxy', user: { token } }],
      contexts: [{ name: 'proxy', context: { cluster: 'proxy', user: 'proxy' } }],
    }
    await writeFile(this.kubeconfig, JSON.stringify(config), { mode: 0o600 })
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '', headers } = incoming
    const { pathname, searchParams } = new URL(url, this.#target)
    const recorded = { method, path: pathname, query: searchParams, accept: headers.accept ?? '', heldText: false }
    this.requests.push(recorded)
    const { host, hostname, port } = this.#target
    const passed = send({ hostname, port, method, path: url, headers: { ...headers, host }, agent: this.#agent })
    passed.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
      outgoing.flushHeaders()
      // What is looked for may stand on the border of two pieces.
      let end = ''
      answer.on('data', (piece: Buffer) => {
        const text = this.#text
        if (text === undefined) return
        const seen = end + piece.toString('latin1')
        if (seen.includes(text)) recorded.heldText = true
        end = seen.slice(-text.length)
      })
      answer.pipe(outgoing)
    })
    passed.on('error', () => outgoing.destroy())
    outgoing.on('close', () => passed.destroy())
    incoming.pipe(passed)
  }
}
