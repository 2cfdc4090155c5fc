import { type Clock, monotonicClock } from './clock.ts'
import { DueHeap } from './due-heap.ts'
import { Fifo } from './fifo.ts'
import { TokenBucket } from './token-bucket.ts'

/** Edits overtake resyncs, but for every eighth turn. */
export type Lane = 'edit' | 'resync'

/** Told of what happens, for metrics and logs. Times are in seconds. */
export interface QueueObserver {
  added?(key: string): void
  started?(key: string, waited: number): void
  finished?(key: string, worked: number): void
  retried?(key: string, error: unknown, retryIn: number): void
}

export interface QueueOptions {
  /**
   * The gate that a key must pass, for example the server that its work needs; undefined: none. Asked each time the key
   * is added. Keys take turns between gates.
   */
  gateOf?: (key: string) => string | undefined
  /** How many keys of one gate are worked on at once. Default: no limit. */
  gateLimit?: number
  observer?: QueueObserver
  clock?: Clock
}

export interface Work {
  /** How many keys are worked on at once. */
  workers: number
  /** Does what a key needs. When it throws, the key is tried again later and later. */
  handle(key: string, context: WorkContext): Promise<Outcome>
  /** A handler's signal aborts after this time. */
  timeoutMs: number
  /** Begin nothing more. */
  stop: AbortSignal
  /** Break off what runs. Default: let it end. */
  abort?: AbortSignal
}

export interface WorkContext {
  lane: Lane
  signal: AbortSignal
}

export interface Outcome {
  /** Look again after this time. */
  requeueAfterMs?: number
}

interface Item {
  lane: Lane
  since: number
  gate: Gate
  working: boolean
  /** Added once more while it was worked on. */
  again: Lane | undefined
}

interface Gate {
  name: string | undefined
  closed: boolean
  working: number
  waiting: Record<Lane, Fifo<string>>
}

const RETRY_MS = 1_000
const LONGEST_RETRY_MS = 7 * 60_000
const RETRIES_PER_SECOND = 10
const RETRY_BURST = 100
/** How many edits in a row, while resyncs wait. */
const EDITS_IN_A_ROW = 7

/**
 * Keys that need work. A key is in it at most once, is never worked on twice at the same time, and is worked on after
 * each add. It knows nothing of what keys mean.
 */
export class WorkQueue {
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #retries: TokenBucket
  readonly #items = new Map<string, Item>()
  readonly #gates = new Map<string | undefined, Gate>()
  /** The gates that let a key of the lane pass now. */
  readonly #passable: Record<Lane, Fifo<Gate>> = { edit: new Fifo(), resync: new Fifo() }
  readonly #due = new DueHeap<string>()
  readonly #later = new Map<string, { at: number; lane: Lane }>()
  readonly #failures = new Map<string, number>()
  readonly #working = new Map<string, number>()
  #editsInARow = 0
  #work: Work | undefined
  #stopped: (() => void) | undefined
  #dispatching = false
  #cancelTimer: (() => void) | undefined

  constructor(options: QueueOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? monotonicClock
    this.#retries = new TokenBucket(RETRIES_PER_SECOND, RETRY_BURST, this.#clock.now())
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#items.size - this.#working.size - this.parked
  }

  /** Keys that wait for a closed gate. */
  get parked(): number {
    let count = 0
    for (const { closed, waiting } of this.#gates.values()) {
      if (closed) count += waiting.edit.size + waiting.resync.size
    }
    return count
  }

  /** For how many seconds each key that is worked on has been. */
  get workingSeconds(): number[] {
    const now = this.#clock.now()
    return [...this.#working.values()].map((since) => (now - since) / 1000)
  }

  add(key: string, lane: Lane = 'edit'): void {
    this.#options.observer?.added?.(key)
    const item = this.#items.get(key)
    if (item?.working) item.again = urgent(item.again, lane)
    else this.#enqueue(key, urgent(item?.lane, lane), item)
  }

  /** Adds a key later. Of several times that are set for a key, the earliest holds. */
  addAfter(key: string, delayMs: number, lane: Lane = 'resync'): void {
    const at = this.#clock.now() + delayMs
    const known = this.#later.get(key)
    this.#later.set(key, { at: Math.min(at, known?.at ?? at), lane: urgent(known?.lane, lane) })
    if (known !== undefined && known.at <= at) return
    this.#due.push(at, key)
    this.#setTimer()
  }

  /** Parks the keys of a gate until it opens: what they need is not there. */
  close(gate: string): void {
    const it = this.#gate(gate)
    it.closed = true
    this.#refresh(it)
  }

  open(gate: string): void {
    const it = this.#gate(gate)
    it.closed = false
    this.#refresh(it)
    this.#dispatch()
  }

  /** Works until `stop` aborts and what then runs has ended. A queue is worked once at a time. */
  async run(work: Work): Promise<void> {
    if (this.#work !== undefined) throw new Error('this queue is being worked already')
    const { promise, resolve } = Promise.withResolvers<void>()
    const stop = () => {
      if (this.#working.size === 0) resolve()
    }
    this.#work = work
    this.#stopped = stop
    work.stop.addEventListener('abort', stop)
    this.#setTimer()
    this.#dispatch()
    if (work.stop.aborted) stop()
    await promise
    this.#cancelTimer?.()
    work.stop.removeEventListener('abort', stop)
    this.#work = undefined
    this.#stopped = undefined
  }

  /** Puts a key in its place, or in another one where its lane or its gate has changed. */
  #enqueue(key: string, lane: Lane, known: Item | undefined): void {
    const gate = this.#gate(this.#options.gateOf?.(key))
    if (known !== undefined && (known.lane !== lane || known.gate !== gate)) known.gate.waiting[known.lane].delete(key)
    gate.waiting[lane].push(key)
    this.#items.set(key, { lane, gate, since: known?.since ?? this.#clock.now(), working: false, again: undefined })
    this.#refresh(gate)
    if (known !== undefined) this.#refresh(known.gate)
    this.#dispatch()
  }

  #gate(name: string | undefined): Gate {
    const known = this.#gates.get(name)
    if (known !== undefined) return known
    const gate: Gate = { name, closed: false, working: 0, waiting: { edit: new Fifo(), resync: new Fifo() } }
    this.#gates.set(name, gate)
    return gate
  }

  /** To be called after any change to a gate. */
  #refresh(gate: Gate): void {
    const limit =
      gate.name === undefined ? Number.POSITIVE_INFINITY : (this.#options.gateLimit ?? Number.POSITIVE_INFINITY)
    const passable = !gate.closed && gate.working < limit
    for (const lane of ['edit', 'resync'] as const) {
      if (passable && gate.waiting[lane].size > 0) this.#passable[lane].push(gate)
      else this.#passable[lane].delete(gate)
    }
    const { edit, resync } = gate.waiting
    if (!gate.closed && gate.working + edit.size + resync.size === 0) this.#gates.delete(gate.name)
  }

  /** Once for all that is added in one go, so that the order in which it is added does not matter. */
  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    queueMicrotask(() => {
      this.#dispatching = false
      const work = this.#work
      while (work !== undefined && !work.stop.aborted && this.#working.size < work.workers) {
        const key = this.#shift()
        if (key === undefined) break
        void this.#process(key, work)
      }
    })
  }

  #shift(): string | undefined {
    const resyncFirst = this.#editsInARow >= EDITS_IN_A_ROW
    const lanes: Lane[] = resyncFirst ? ['resync', 'edit'] : ['edit', 'resync']
    for (const lane of lanes) {
      const gate = this.#passable[lane].shift()
      const key = gate?.waiting[lane].shift()
      if (key === undefined) continue
      this.#editsInARow = lane === 'edit' && !resyncFirst ? this.#editsInARow + 1 : 0
      return key
    }
    return undefined
  }

  async #process(key: string, work: Work): Promise<void> {
    const item = this.#items.get(key)
    if (item === undefined) return
    const { gate, lane, since } = item
    const begin = this.#clock.now()
    item.working = true
    gate.working += 1
    this.#working.set(key, begin)
    this.#refresh(gate)
    this.#options.observer?.started?.(key, (begin - since) / 1000)
    const limit = this.#limit(work)
    try {
      const { requeueAfterMs } = await work.handle(key, { lane, signal: limit.signal })
      this.#failures.delete(key)
      if (requeueAfterMs !== undefined) this.addAfter(key, requeueAfterMs)
    } catch (error) {
      this.#retry(key, lane, error)
    } finally {
      limit.end()
    }
    this.#options.observer?.finished?.(key, (this.#clock.now() - begin) / 1000)
    this.#working.delete(key)
    this.#items.delete(key)
    gate.working -= 1
    this.#refresh(gate)
    if (item.again !== undefined) this.#enqueue(key, item.again, undefined)
    this.#dispatch()
    if (work.stop.aborted) this.#stopped?.()
  }

  /** The signal of one handler; `end` lets go of the clock and of `abort`, which outlive it. */
  #limit({ timeoutMs, abort }: Work): { signal: AbortSignal; end: () => void } {
    const controller = new AbortController()
    const breakOff = () => controller.abort(abort?.reason)
    const cancel = this.#clock.after(timeoutMs, () => {
      controller.abort(new DOMException(`took longer than ${timeoutMs / 1000} s`, 'TimeoutError'))
    })
    abort?.addEventListener('abort', breakOff)
    if (abort?.aborted) breakOff()
    const end = () => {
      cancel()
      abort?.removeEventListener('abort', breakOff)
    }
    return { signal: controller.signal, end }
  }

  #retry(key: string, lane: Lane, error: unknown): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    const backoff = Math.min(LONGEST_RETRY_MS, RETRY_MS * 2 ** failures)
    const delay = Math.max(backoff, this.#retries.reserve(this.#clock.now()))
    this.#options.observer?.retried?.(key, error, delay / 1000)
    this.addAfter(key, delay, lane)
  }

  #setTimer(): void {
    this.#cancelTimer?.()
    const { next } = this.#due
    this.#cancelTimer =
      next === undefined ? undefined : this.#clock.after(next - this.#clock.now(), () => this.#addDue())
  }

  #addDue(): void {
    const now = this.#clock.now()
    for (let key = this.#due.popDue(now); key !== undefined; key = this.#due.popDue(now)) {
      const later = this.#later.get(key)
      // Of a time that an earlier one has replaced, nothing is left but its place in the heap.
      if (later === undefined || later.at > now) continue
      this.#later.delete(key)
      this.add(key, later.lane)
    }
    this.#setTimer()
  }
}

function urgent(known: Lane | undefined, lane: Lane): Lane {
  return known === 'edit' ? 'edit' : lane
}
