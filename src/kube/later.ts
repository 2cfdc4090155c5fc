import type { Clock } from './clock.ts'
import { DueHeap } from './due-heap.ts'
import { type Lane, moreUrgent } from './lane.ts'

/** Keys that are to be added to a queue later, each at most once. */
export class Later {
  readonly #clock: Clock
  readonly #add: (key: string, lane: Lane) => void
  readonly #due = new DueHeap<string>()
  readonly #keys = new Map<string, { at: number; lane: Lane }>()
  #cancelTimer: (() => void) | undefined

  constructor(clock: Clock, add: (key: string, lane: Lane) => void) {
    this.#clock = clock
    this.#add = add
  }

  /** Of several times that are set for a key, the earliest holds. */
  set(key: string, delayMs: number, lane: Lane): void {
    const at = this.#clock.now() + delayMs
    const known = this.#keys.get(key)
    this.#keys.set(key, { at: Math.min(at, known?.at ?? at), lane: moreUrgent(known?.lane, lane) })
    if (known !== undefined && known.at <= at) return
    this.#due.push(at, key)
    if (this.#due.next === at) this.resume()
  }

  /** Stops the clock: what falls due is added when it is resumed. */
  pause(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
  }

  resume(): void {
    this.pause()
    const { next } = this.#due
    if (next === undefined) return
    this.#cancelTimer = this.#clock.after(next - this.#clock.now(), () => this.#addDue())
  }

  #addDue(): void {
    const now = this.#clock.now()
    for (let key = this.#due.popDue(now); key !== undefined; key = this.#due.popDue(now)) {
      const known = this.#keys.get(key)
      // Of a time that an earlier one has replaced, nothing is left but its place in the heap.
      if (known === undefined || known.at > now) continue
      this.#keys.delete(key)
      this.#add(key, known.lane)
    }
    this.resume()
  }
}
