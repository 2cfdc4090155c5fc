import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { ClusterAccess, TlsOptions } from './access.ts'
import { monotonicClock } from './clock.ts'
import { KubeConnectionError, KubeError, type Status } from './errors.ts'
import { retryDelayMs } from './retry.ts'
import { sleep } from './sleep.ts'

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  path: string
  headers?: Record<string, string>
  body?: string
  /** May it reach the API server twice without harm? */
  repeatable: boolean
  signal?: AbortSignal | undefined
}

/** What became of one try; `code` is `<error>` when no answer came. */
export interface RequestReport {
  method: string
  host: string
  code: string
  seconds: number
}

export interface TransportOptions {
  access: ClusterAccess
  userAgent: string
  /** Told of every try. */
  observe?: (report: RequestReport) => void
}

/** Milliseconds. A dead peer is found after this time without traffic and ten more seconds of probes. */
const KEEP_ALIVE_MS = 15_000
const CONNECT_TIMEOUT_MS = 10_000
const HEADERS_TIMEOUT_MS = 30_000
const BODY_TIMEOUT_MS = 60_000
const IDLE_CONNECTION_MS = 60_000

/** Requests wait their turn for one of so many. */
const REQUEST_CONNECTIONS = 16

/**
 * Watches have connections of their own, as many as there are watches: they must not take those of requests, and one
 * that had to wait for the end of another would see nothing until then.
 */
interface Agents {
  material: string
  api: Dispatcher
  watch: Dispatcher
}

/** Sends requests over pooled connections, with credentials, retries and time limits. */
export class Transport {
  readonly #options: TransportOptions
  readonly #server: URL
  /** All that still have connections, also those of certificates that were renewed. */
  readonly #dispatchers = new Set<Dispatcher>()
  #agents: Agents | undefined

  constructor(options: TransportOptions) {
    this.#options = options
    this.#server = new URL(options.access.server)
  }

  /**
   * Sends a request, again where that can help, and reads its answer as JSON.
   * Throws KubeError, KubeConnectionError, or the signal's reason.
   */
  async exchange(request: ApiRequest): Promise<unknown> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await this.#authorized(request, 'api', BODY_TIMEOUT_MS, async ({ body }) => await body.json())
      } catch (error) {
        const delay = retryDelayMs(error, request.repeatable, tries)
        if (delay === undefined) throw error
        await sleep(monotonicClock, delay, request.signal)
        request.signal?.throwIfAborted()
      }
    }
  }

  /** Sends a request once; its answer is read as it comes and breaks off after `idleMs` without a byte. */
  async *stream(request: ApiRequest, idleMs: number): AsyncGenerator<string> {
    const body = await this.#authorized(request, 'watch', idleMs, async (answer) => answer.body)
    body.setEncoding('utf8')
    try {
      yield* body
    } catch (error) {
      throw this.#connectionError(request, error)
    }
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    this.#agents = undefined
    const all = [...this.#dispatchers]
    this.#dispatchers.clear()
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()))
  }

  /** One try, and a second one with fresh credentials when the API server does not know who asks. */
  async #authorized<T>(request: ApiRequest, agent: 'api' | 'watch', bodyTimeout: number, read: Read<T>): Promise<T> {
    try {
      return await this.#send(request, agent, bodyTimeout, read)
    } catch (error) {
      if (!(error instanceof KubeError) || error.code !== 401) throw error
      this.#options.access.invalidate()
      return await this.#send(request, agent, bodyTimeout, read)
    }
  }

  async #send<T>(request: ApiRequest, agent: 'api' | 'watch', bodyTimeout: number, read: Read<T>): Promise<T> {
    const { access, userAgent } = this.#options
    const { headers, tls } = await access.credentials()
    const { origin, pathname, host } = this.#server
    const begin = performance.now()
    let code = '<error>'
    try {
      const answer = await this.#agentsFor(tls)[agent].request({
        origin,
        path: pathname.replace(/\/$/, '') + request.path,
        method: request.method,
        headers: { Accept: 'application/json', 'User-Agent': userAgent, ...headers, ...request.headers },
        body: request.body ?? null,
        headersTimeout: HEADERS_TIMEOUT_MS,
        bodyTimeout,
        signal: request.signal ?? null,
      })
      code = String(answer.statusCode)
      if (answer.statusCode >= 400) throw await refusal(request, answer)
      return await read(answer)
    } catch (error) {
      throw error instanceof KubeError ? error : this.#connectionError(request, error)
    } finally {
      const { method } = request
      this.#options.observe?.({ method, host, code, seconds: (performance.now() - begin) / 1000 })
    }
  }

  #connectionError(request: ApiRequest, error: unknown): unknown {
    return request.signal?.aborted ? request.signal.reason : new KubeConnectionError(nameOf(request), error)
  }

  /** The connections for these certificates. When certificates are renewed, what runs on the old ones ends by itself. */
  #agentsFor(tls: TlsOptions): Agents {
    const material = JSON.stringify(Object.entries(tls).map(([key, value]) => [key, String(value)]))
    const old = this.#agents
    if (old?.material === material) return old
    const agents = { material, api: this.#connect(tls, REQUEST_CONNECTIONS), watch: this.#connect(tls, null) }
    this.#agents = agents
    if (old !== undefined) for (const agent of [old.api, old.watch]) void this.#retire(agent)
    return agents
  }

  /** `connections`: at most so many; null: no limit. */
  #connect(tls: TlsOptions, connections: number | null): Dispatcher {
    const { proxyUrl } = this.#options.access
    const connect = { ...tls, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS, timeout: CONNECT_TIMEOUT_MS }
    const options = { connect, connections, keepAliveTimeout: IDLE_CONNECTION_MS, allowH2: false }
    const dispatcher = proxyUrl
      ? new ProxyAgent({ ...options, uri: proxyUrl, requestTls: connect })
      : new Agent(options)
    this.#dispatchers.add(dispatcher)
    return dispatcher
  }

  async #retire(dispatcher: Dispatcher): Promise<void> {
    await dispatcher.close()
    this.#dispatchers.delete(dispatcher)
  }
}

type Read<T> = (answer: Dispatcher.ResponseData) => Promise<T>

async function refusal(
  request: ApiRequest,
  { statusCode, headers, body }: Dispatcher.ResponseData,
): Promise<KubeError> {
  const text = await body.text()
  const retryAfter = Number(headers['retry-after'])
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : undefined
  return new KubeError(nameOf(request), { ...parseStatus(text), code: statusCode }, retryAfterMs)
}

/** The API server explains itself in a Status; proxies before it and some of its filters write plain text. */
function parseStatus(text: string): Status {
  try {
    const status: (Status & { kind?: string }) | null = JSON.parse(text)
    if (status?.kind === 'Status') return status
  } catch {
    // Plain text.
  }
  return { message: text.trim().slice(0, 300) || 'no explanation' }
}

/** Without the query: it is long and says little. */
function nameOf({ method, path }: ApiRequest): string {
  return `${method} ${path.split('?')[0]}`
}
