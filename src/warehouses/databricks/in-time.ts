/** The outcome of some work, unless its time (in milliseconds) is up or the signal comes first: then it goes on unheard. */
export async function inTime<T>(work: Promise<T>, ms: number, signal?: AbortSignal): Promise<T> {
  work.catch(() => undefined)
  const timer = AbortSignal.timeout(Math.max(0, ms))
  const end = signal ? AbortSignal.any([timer, signal]) : timer
  if (end.aborted) throw end.reason
  const { promise, reject } = Promise.withResolvers<never>()
  const giveUp = () => reject(end.reason)
  end.addEventListener('abort', giveUp)
  try {
    return await Promise.race([work, promise])
  } finally {
    end.removeEventListener('abort', giveUp)
  }
}
