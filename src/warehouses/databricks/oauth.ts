import { Agent, request } from 'undici'
import { EngageError } from '../../model/errors.ts'
import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import { type Access, authorities, TIMES } from './config.ts'

/** A token is renewed this long before it ends, in milliseconds. */
const RENEW_MS = 5 * 60_000

/**
 * A service principal that logs in with its secret (OAuth machine-to-machine) and gives the driver the header of each
 * request. The driver's own log-in has no deadline, and refuses hosts that are not of a Databricks domain.
 */
export class ServicePrincipal {
  readonly #settings: DatabricksSettings
  readonly #access: Access
  #token: { header: string; until: number } | undefined

  constructor(settings: DatabricksSettings, access: Access) {
    this.#settings = settings
    this.#access = access
  }

  async authenticate(): Promise<{ Authorization: string }> {
    if (this.#token === undefined || Date.now() > this.#token.until) this.#token = await this.#logIn()
    return { Authorization: this.#token.header }
  }

  async #logIn(): Promise<{ header: string; until: number }> {
    const { host, port, clientId } = this.#settings
    const basic = Buffer.from(`${clientId}:${this.#access.clientSecret}`).toString('base64')
    const agent = new Agent({ connect: { ...authorities(this.#access), timeout: TIMES.token } })
    try {
      const { statusCode, body } = await request(`https://${host}:${port}/oidc/v1/token`, {
        dispatcher: agent,
        method: 'POST',
        headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
        body: 'grant_type=client_credentials&scope=all-apis',
        signal: AbortSignal.timeout(TIMES.token),
      })
      const answer = await body.text()
      if (statusCode !== 200) throw this.#refusal(statusCode, answer)
      return tokenOf(answer, host)
    } finally {
      await agent.destroy()
    }
  }

  #refusal(status: number, answer: string): EngageError {
    const { host, clientId } = this.#settings
    const told = /"error(?:_description)?"\s*:\s*"([^"]{1,200})"/.exec(answer)?.[1] ?? `HTTP ${status}`
    if (status === 400 || status === 401 || status === 403) {
      return new EngageError(
        'AuthenticationFailed',
        'Stalled',
        `${host} refused service principal ${clientId}: ${told}; check clientId and the Secret`,
      )
    }
    if (status === 404) {
      return new EngageError('WarehouseUnreachable', 'Stalled', `${host} is no Databricks workspace: check host`)
    }
    return new EngageError('WarehouseUnreachable', 'Wait', `${host} gives no token: ${told}`)
  }
}

function tokenOf(answer: string, host: string): { header: string; until: number } {
  const token: unknown = parsed(answer)
  if (typeof token !== 'object' || token === null || !('access_token' in token)) {
    throw new EngageError('WarehouseUnreachable', 'Stalled', `${host} is no Databricks workspace: check host`)
  }
  const seconds = 'expires_in' in token ? Number(token.expires_in) : 0
  return { header: `Bearer ${token.access_token}`, until: Date.now() + seconds * 1000 - RENEW_MS }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
