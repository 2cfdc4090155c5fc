/**
 * The outcome of some work, or what `late` says once its time (in milliseconds) is up or it is no longer wanted: the work
 * then goes on unheard.
 */
export async function inTime<T>(work: Promise<T>, ms: number, late: () => Error, signal?: AbortSignal): Promise<T> {
  work.catch(() => undefined)
  const { promise: ended, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(late())
  const timer = setTimeout(giveUp, ms)
  signal?.addEventListener('abort', giveUp)
  if (signal?.aborted) giveUp()
  try {
    return await Promise.race([work, ended])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', giveUp)
  }
}
