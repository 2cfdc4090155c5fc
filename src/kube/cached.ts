/** Keeps what `make` gives for as long as `ttlMs` says of it; those who ask while it is being made share one try. */
export function cached<T>(make: () => Promise<T>, ttlMs: (value: T) => number): { get(): Promise<T>; forget(): void } {
  let value: Promise<T> | undefined
  let until = 0
  return {
    get: () => {
      if (value === undefined || Date.now() >= until) {
        const made = make()
        value = made
        until = Number.POSITIVE_INFINITY
        made.then(
          (it) => {
            if (value === made) until = Date.now() + ttlMs(it)
          },
          () => {
            if (value === made) value = undefined
          },
        )
      }
      return value
    },
    forget: () => {
      value = undefined
    },
  }
}
