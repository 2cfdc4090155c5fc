import { KubeConnectionError, KubeError } from './errors.ts'

/** How often one request is sent at most. */
export const MAX_TRIES = 5
const FIRST_MS = 100
const LONGEST_MS = 10_000

/**
 * How long to wait before the same request is sent again, or undefined when it must not be. `repeatable` says that the
 * request may reach the API server twice without harm. The wait is by chance between 0 and a bound that doubles (full
 * jitter), after what the API server asked for in Retry-After.
 */
export function retryDelayMs(
  error: unknown,
  repeatable: boolean,
  tries: number,
  random = Math.random,
): number | undefined {
  if (tries >= MAX_TRIES || !canHelp(error, repeatable)) return undefined
  const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0
  return asked + random() * Math.min(LONGEST_MS, FIRST_MS * 2 ** (tries - 1))
}

function canHelp(error: unknown, repeatable: boolean): boolean {
  if (error instanceof KubeConnectionError) return repeatable || error.unsent
  if (!(error instanceof KubeError)) return false
  // 429 is said before anything is done.
  return error.code === 429 || (repeatable && error.code >= 502 && error.code <= 504)
}
