/** Time as the queue, the lease and the buckets see it: tests bring their own. */
export interface Clock {
  /** Milliseconds that only grow, whatever happens to the time of day. */
  now(): number
  /** Calls `fire` once, `delayMs` from now; the result cancels it. */
  after(delayMs: number, fire: () => void): () => void
}

export const monotonicClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, fire) => {
    // What is overdue is due now: Node warns of negative times.
    const timer = setTimeout(fire, Math.max(0, delayMs))
    return () => clearTimeout(timer)
  },
}
