import type { EngageError } from '../../model/errors.ts'

/** The outcome of some work, or the error when it takes too long or is no longer wanted: the work is not waited for. */
export function within<T>(
  work: Promise<T>,
  milliseconds: number,
  late: () => EngageError,
  signal?: AbortSignal,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(late())
    const timer = setTimeout(giveUp, milliseconds)
    signal?.addEventListener('abort', giveUp)
    if (signal?.aborted) giveUp()
    work.then(resolve, reject).finally(() => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', giveUp)
    })
  })
}
