import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { buffer, text } from 'node:stream/consumers'
import { pipeline } from 'node:stream/promises'
import { selfSigned } from '../certificate.ts'
import { type Refusal, Service } from './service.ts'
import { SparkError } from './spark-session.ts'
import { answerThrift, methodOf } from './thrift-http.ts'

const HTTP_PATH = '/sql/1.0/warehouses/0123456789abcdef'
const CATALOG = 'main'

/** How the front of a workspace answers, where it does not as it should. */
export interface Faults {
  /** So many requests for a session find the warehouse starting. */
  starting: number
  /** The principal may not use the warehouse. */
  isForbidden: boolean
  /** Requests for a session get no answer. */
  isSilent: boolean
  refusal: Refusal
  /** The statuses that the next requests of the storage are answered with, before it takes files again. */
  storage: number[]
  /** Where files are sent, if not to a storage that is there. */
  storageAddress?: string
}

/** All as it should be. */
export const noFaults = (): Faults => ({
  starting: 0,
  isForbidden: false,
  isSilent: false,
  refusal: () => undefined,
  storage: [],
})

/** A Databricks workspace with one SQL warehouse, in front of a Spark Thrift server: HTTPS, OAuth, Thrift, volumes. */
export class Gateway {
  readonly httpPath = HTTP_PATH
  readonly catalog = CATALOG
  readonly clientId = randomUUID()
  readonly clientSecret = `dose${randomUUID().replaceAll('-', '')}`
  /** A volume that files can be put in. */
  readonly volume = `/Volumes/${CATALOG}/engageops/staging`
  faults = noFaults()
  /** The statements that came, in order. */
  readonly statements: string[] = []
  readonly ca: string
  readonly #server: Server
  readonly #folder: string
  readonly #service: Service
  /** Those that were given out. */
  readonly tokens: string[] = []
  readonly #accepted = new Set<string>()
  /** Addresses of files, by their last part. */
  readonly #presigned = new Map<string, string>()

  private constructor(sparkPort: number, folder: string) {
    const { certificate, key } = selfSigned('localhost')
    this.ca = certificate
    this.#folder = folder
    this.#server = createServer({ cert: certificate, key }, (request, response) => {
      this.#answer(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)))
    })
    this.#service = new Service({
      sparkPort,
      catalog: CATALOG,
      volumes: {
        file: (name) => this.#file(name),
        list: (name) => readdir(this.#file(name)),
        presign: (name) => this.#presign(name),
      },
      refusal: (statement) => this.faults.refusal(statement),
      seen: (statement) => this.statements.push(statement),
    })
  }

  static async start(sparkPort: number): Promise<Gateway> {
    const folder = await mkdtemp(path.join(tmpdir(), 'engageops-volumes-'))
    const gateway = new Gateway(sparkPort, folder)
    await mkdir(path.join(folder, gateway.volume), { recursive: true })
    gateway.#server.listen(0, '127.0.0.1')
    await once(gateway.#server, 'listening')
    return gateway
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    return address.port
  }

  /** Where the files of the volume are. */
  get volumeFolder(): string {
    return path.join(this.#folder, this.volume)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await this.#service.close()
    await rm(this.#folder, { recursive: true })
  }

  /** Tokens that were given out are no longer good. */
  revokeTokens(): void {
    this.#accepted.clear()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = request.url ?? ''
    if (url === '/oidc/v1/token') return this.#giveToken(request, response)
    if (url.startsWith('/presigned/')) return this.#moveFile(request, response, url.slice('/presigned/'.length))
    if (!this.#accepted.has(request.headers.authorization ?? '')) return refuse(response, 401, 'Invalid access token.')
    if (url !== HTTP_PATH) return refuse(response, 404, 'The warehouse does not exist.')
    if (this.faults.isForbidden) {
      return refuse(response, 403, 'You do not have permission to use the SQL warehouse.')
    }
    const body = await buffer(request)
    if (methodOf(body) === 'OpenSession') {
      if (this.faults.isSilent) return
      if (this.faults.starting > 0) {
        this.faults.starting -= 1
        response.setHeader('retry-after', '1')
        return refuse(response, 503, 'TEMPORARILY_UNAVAILABLE')
      }
    }
    answerThrift(response, this.#service, body)
  }

  async #giveToken(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request))
    const basic = Buffer.from(`${this.clientId}:${this.clientSecret}`).toString('base64')
    response.setHeader('content-type', 'application/json')
    if (request.headers.authorization !== `Basic ${basic}`) {
      const answer = { error: 'invalid_client', error_description: 'Client authentication failed' }
      response.writeHead(401).end(JSON.stringify(answer))
      return
    }
    if (form.get('grant_type') !== 'client_credentials' || form.get('scope') !== 'all-apis') {
      response.writeHead(400).end(JSON.stringify({ error: 'invalid_request' }))
      return
    }
    const token = randomUUID()
    this.tokens.push(token)
    this.#accepted.add(`Bearer ${token}`)
    response.end(JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: 3600 }))
  }

  async #moveFile(request: IncomingMessage, response: ServerResponse, key: string): Promise<void> {
    const file = this.#presigned.get(key)
    if (file === undefined || request.headers['x-test'] !== 'yes') return refuse(response, 403, 'AccessDenied')
    const status = this.faults.storage.shift()
    if (status !== undefined) return refuse(response, status, 'not now')
    if (request.method === 'PUT') {
      await mkdir(path.dirname(file), { recursive: true })
      await pipeline(request, createWriteStream(file))
    } else {
      await rm(file)
    }
    response.end()
  }

  #file(name: string): string {
    const [, , catalog = '', schema = '', volume = ''] = name.split('/')
    const root = path.join(this.#folder, 'Volumes', catalog, schema, volume)
    if (!existsSync(root)) {
      throw new SparkError(`[VOLUME_DOES_NOT_EXIST] Volume '${catalog}.${schema}.${volume}' does not exist.`, '42704')
    }
    return path.join(this.#folder, name)
  }

  #presign(name: string): string {
    const key = randomUUID()
    this.#presigned.set(key, this.#file(name))
    return this.faults.storageAddress ?? `https://localhost:${this.port}/presigned/${key}`
  }
}

function refuse(response: ServerResponse, status: number, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json', 'x-thriftserver-error-message': message })
  response.end(JSON.stringify({ message }))
}
