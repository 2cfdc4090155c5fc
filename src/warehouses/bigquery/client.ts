import { setTimeout as sleep } from 'node:timers/promises'
import type { BigQuery } from '@google-cloud/bigquery'
import { REQUEST_MS } from './config.ts'

export interface Call {
  method: 'GET' | 'POST' | 'DELETE'
  /** Path below the project. */
  uri: string
  qs?: Record<string, string | number | boolean>
  json?: object
}

const ATTEMPTS = 5
const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 16_000

/**
 * Sends a request that may be sent twice, again and again while the service is not able to answer, until the signal.
 * Throws what the driver throws, or the reason of the signal.
 */
export const send = <T>(client: BigQuery, call: Call, signal: AbortSignal): Promise<T> =>
  again(() => sendOnce<T>(client, call, signal), signal)

/** Makes a request, again and again as `send` does. */
export async function again<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await request()
    } catch (error) {
      if (signal.aborted || attempt === ATTEMPTS || !isPassing(error)) throw error
      await pause(attempt, signal)
    }
  }
}

/** Sends a request once. Throws as `send` does. */
export function sendOnce<T>(client: BigQuery, call: Call, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason)
    // The driver cannot abort a request: it ends by its own timeout, and nobody waits for it.
    const giveUp = () => reject(signal.reason)
    signal.addEventListener('abort', giveUp, { once: true })
    client.request({ ...call, timeout: REQUEST_MS }, (error, body) => {
      signal.removeEventListener('abort', giveUp)
      if (error) reject(error)
      else resolve(body)
    })
  })
}

/** Waits before the next attempt: longer each time, by chance, so that those who were refused together do not come together. */
export async function pause(attempt: number, signal: AbortSignal): Promise<void> {
  const longest = Math.min(FIRST_WAIT_MS * 2 ** attempt, LONGEST_WAIT_MS)
  await sleep(longest * (0.5 + Math.random() / 2), undefined, { signal })
}

const PASSING_CODES = new Set<unknown>([408, 429, 500, 502, 503, 504, 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'EAI_AGAIN'])
const PASSING_REASONS = new Set([
  'rateLimitExceeded',
  'userRateLimitExceeded',
  'backendError',
  'internalError',
  'jobRateLimitExceeded',
  'jobBackendError',
  'jobInternalError',
])

/** Whether the same may go well a moment later. */
export function isPassing(error: unknown): boolean {
  const { code, reason, errors } = partsOf(error)
  return PASSING_CODES.has(code) || [reason, ...errors].some((word) => word !== undefined && PASSING_REASONS.has(word))
}

const REFUSALS = new Set<unknown>([400, 401, 403, 404, 413, 429])

/** Whether a request was refused, so that nothing of it takes place: a server that fails, or a lost connection, leaves that open. */
export const isRefusal = (error: unknown): boolean => REFUSALS.has(partsOf(error).code)

export interface ErrorParts {
  /** HTTP status, or code of Node. */
  code: number | string | undefined
  /** BigQuery's word for what went wrong. */
  reason: string | undefined
  errors: string[]
  message: string
}

/** What errors of the driver and of jobs have in common. */
export function partsOf(error: unknown): ErrorParts {
  if (typeof error !== 'object' || error === null)
    return { code: undefined, reason: undefined, errors: [], message: String(error) }
  const code =
    'code' in error && (typeof error.code === 'number' || typeof error.code === 'string') ? error.code : undefined
  const listed = 'errors' in error && Array.isArray(error.errors) ? error.errors : []
  const errors = listed.flatMap((one: unknown) => reasonOf(one) ?? [])
  const message = 'message' in error && typeof error.message === 'string' ? error.message : ''
  return { code, reason: reasonOf(error) ?? errors[0], errors, message }
}

function reasonOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('reason' in error)) return undefined
  return typeof error.reason === 'string' ? error.reason : undefined
}
