import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'

export interface ApiRequest {
  method: string
  /** Path and query, such as `/bigquery/v2/projects/p/jobs`. */
  path: string
  headers: IncomingMessage['headers']
  body: Buffer
}

export type ApiAnswer = { status: number; body: unknown } | 'Silence' | 'HangUp'

/** How Google answers: the error of an API call. */
export const refusal = (status: number, reason: string, message: string): ApiAnswer => ({
  status,
  body: { error: { code: status, message, errors: [{ reason, message, domain: 'global' }] } },
})

const JSON_TYPE = { 'content-type': 'application/json' }

/** A server in the place of Google's: each request is answered by a function, also those for tokens. */
export class ApiServer {
  readonly requests: ApiRequest[] = []
  readonly #server: Server

  private constructor(answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>) {
    this.#server = createServer(async (incoming, response) => {
      const chunks: Buffer[] = []
      for await (const chunk of incoming) chunks.push(chunk)
      const { method = '', url = '', headers } = incoming
      const request = { method, path: url, headers, body: Buffer.concat(chunks) }
      this.requests.push(request)
      const answered = await answer(request)
      if (answered === 'Silence') return
      if (answered === 'HangUp') response.destroy()
      else response.writeHead(answered.status, JSON_TYPE).end(JSON.stringify(answered.body))
    })
  }

  static async start(answer: (request: ApiRequest) => ApiAnswer | Promise<ApiAnswer>): Promise<ApiServer> {
    const server = new ApiServer(answer)
    server.#server.listen(0, '127.0.0.1')
    await once(server.#server, 'listening')
    return server
  }

  get url(): string {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    return `http://127.0.0.1:${address.port}`
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }
}

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const PEM = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()

/** The JSON of a service account's key, whose tokens come from a server. */
export const keyFor = (tokenServer: string, privateKeyPem = PEM): string =>
  JSON.stringify({
    type: 'service_account',
    client_email: 'sync@project.iam.gserviceaccount.com',
    private_key: privateKeyPem,
    token_uri: `${tokenServer}/token`,
  })
