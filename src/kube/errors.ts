/** What the API server says of a request that it refused. */
export interface Status {
  code?: number
  reason?: string
  message?: string
  details?: StatusDetails
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: { reason?: string; message?: string; field?: string }[]
  retryAfterSeconds?: number
}

/** The API server refused a request. `code` is HTTP's, `reason` its one word for it (NotFound, Conflict, Expired ...). */
export class KubeError extends Error {
  readonly code: number
  readonly reason: string
  readonly details: StatusDetails
  /** How long the API server wants to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(request: string, { code = 0, reason = 'Unknown', message, details = {} }: Status, retryAfterMs?: number) {
    super(`${request}: ${message ?? reason} (${code} ${reason})`)
    this.name = 'KubeError'
    this.code = code
    this.reason = reason
    this.details = details
    this.retryAfterMs = retryAfterMs ?? toMs(details.retryAfterSeconds)
  }
}

/** No whole answer came: nobody listens, the connection broke, or it took too long. */
export class KubeConnectionError extends Error {
  /** True when the request cannot have reached the API server. */
  readonly unsent: boolean

  constructor(request: string, cause: unknown) {
    super(`${request}: ${cause instanceof Error ? cause.message || codeOf(cause) : String(cause)}`, { cause })
    this.name = 'KubeConnectionError'
    this.unsent = UNSENT.has(codeOf(cause))
  }
}

const UNSENT = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

function codeOf(error: unknown): string {
  // Where a name has several addresses, each has its own error.
  const first = error instanceof AggregateError ? error.errors[0] : error
  return first instanceof Error && 'code' in first ? String(first.code) : ''
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000
}

/** True when this user may not do that. */
export function isForbidden(error: unknown): boolean {
  return hasCode(error, 403)
}

/** True for the answer that the object, or its whole resource type, is not there. */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 404)
}

/** True when somebody else changed or made the object first. */
export function isConflict(error: unknown): boolean {
  return hasCode(error, 409)
}

/** True when the history that a list or watch wanted to go on from is gone. */
export function isExpired(error: unknown): boolean {
  return hasCode(error, 410)
}

/** True when the object as sent is not valid, or a `test` of a JSON patch did not hold. */
export function isInvalid(error: unknown): boolean {
  return hasCode(error, 422)
}

function hasCode(error: unknown, code: number): boolean {
  return error instanceof KubeError && error.code === code
}
