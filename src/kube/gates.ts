import { Fifo } from './fifo.ts'
import type { Lane } from './lane.ts'

/** Where items wait that need the same thing. */
export interface Gate<T> {
  readonly name: string | undefined
  closed: boolean
  /** How many of its items are being worked on. */
  working: number
  readonly waiting: Record<Lane, Fifo<T>>
}

/** How many edits in a row, while resyncs wait. */
const EDITS_IN_A_ROW = 7

/** Items that wait, by gate and lane. Gates take turns. */
export class Gates<T> {
  readonly #limit: number
  readonly #gates = new Map<string | undefined, Gate<T>>()
  /** The gates that let an item of the lane pass now. */
  readonly #passable: Record<Lane, Fifo<Gate<T>>> = { edit: new Fifo(), resync: new Fifo() }
  #editsInARow = 0

  /** `limit` is how many items of a gate are worked on at once; those without a gate have none. */
  constructor(limit: number) {
    this.#limit = limit
  }

  /** Items that wait for a closed gate. */
  get parked(): number {
    let count = 0
    for (const { closed, waiting } of this.#gates.values()) {
      if (closed) count += waiting.edit.size + waiting.resync.size
    }
    return count
  }

  of(name: string | undefined): Gate<T> {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const gate: Gate<T> = { name, closed: false, working: 0, waiting: { edit: new Fifo(), resync: new Fifo() } }
    this.#gates.set(name, gate)
    return gate
  }

  /** To be called after any change to a gate. */
  refresh(gate: Gate<T>): void {
    const { edit, resync } = gate.waiting
    const limit = gate.name === undefined ? Number.POSITIVE_INFINITY : this.#limit
    // Where more than one may pass, resyncs leave room for an edit.
    const limits = { edit: limit, resync: Math.max(1, limit - 1) }
    for (const lane of ['edit', 'resync'] as const) {
      const isPassable = !gate.closed && gate.working < limits[lane] && gate.waiting[lane].size > 0
      if (isPassable) this.#passable[lane].push(gate)
      else this.#passable[lane].delete(gate)
    }
    if (!gate.closed && gate.working + edit.size + resync.size === 0) this.#gates.delete(gate.name)
  }

  /** The next item that may pass, an edit where `mayResync` is false; it counts as being worked on from here. */
  shift(mayResync = true): T | undefined {
    const resyncFirst = mayResync && this.#editsInARow >= EDITS_IN_A_ROW
    const lanes: Lane[] = resyncFirst ? ['resync', 'edit'] : mayResync ? ['edit', 'resync'] : ['edit']
    for (const lane of lanes) {
      const gate = this.#passable[lane].shift()
      const item = gate?.waiting[lane].shift()
      if (gate === undefined || item === undefined) continue
      gate.working += 1
      this.refresh(gate)
      this.#editsInARow = lane === 'edit' && !resyncFirst ? this.#editsInARow + 1 : 0
      return item
    }
    return undefined
  }
}
