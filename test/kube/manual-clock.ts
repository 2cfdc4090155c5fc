import type { Clock } from '../../src/kube/clock.ts'

/** A clock that stands still until it is told. */
export class ManualClock implements Clock {
  #now = 0
  readonly #timers = new Set<{ at: number; fire: () => void }>()

  now(): number {
    return this.#now
  }

  after(delayMs: number, fire: () => void): () => void {
    const timer = { at: this.#now + delayMs, fire }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Lets time pass; timers fire in order, each at its time. Between them, what they set off is done. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms
    for (;;) {
      await settle()
      const [next] = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      this.#timers.delete(next)
      this.#now = Math.max(this.#now, next.at)
      next.fire()
    }
    this.#now = end
    await settle()
  }
}

/** Lets all promises that can go on do so. */
export async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}
