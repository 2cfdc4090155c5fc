/** Waits that double from `firstMs` to `longestMs`, each by chance between half of that and all of it. */
export class Backoff {
  readonly #firstMs: number
  readonly #longestMs: number
  readonly #random: () => number
  #failures = 0

  constructor(firstMs: number, longestMs: number, random: () => number = Math.random) {
    this.#firstMs = firstMs
    this.#longestMs = longestMs
    this.#random = random
  }

  /** How long to wait after one more failure, in milliseconds. */
  next(): number {
    const bound = Math.min(this.#longestMs, this.#firstMs * 2 ** this.#failures)
    this.#failures += 1
    return bound * (0.5 + this.#random() / 2)
  }

  reset(): void {
    this.#failures = 0
  }
}
