import { type Clock, monotonicClock } from './clock.ts'
import { type Gate, Gates } from './gates.ts'
import { type Lane, moreUrgent } from './lane.ts'
import { Later } from './later.ts'
import { TokenBucket } from './token-bucket.ts'

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
  readonly key: string
  readonly since: number
  lane: Lane
  gate: Gate<Item>
  working: boolean
  /** Added once more while it was worked on. */
  again: Lane | undefined
}

const RETRY_MS = 1_000
const LONGEST_RETRY_MS = 7 * 60_000
const RETRIES_PER_SECOND = 10
const RETRY_BURST = 100

/**
 * Keys that need work. A key is in it at most once, is never worked on twice at the same time, and is worked on after
 * each add. It knows nothing of what keys mean.
 */
export class WorkQueue {
  readonly #options: QueueOptions
  readonly #clock: Clock
  readonly #retries: TokenBucket
  readonly #items = new Map<string, Item>()
  readonly #gates: Gates<Item>
  readonly #later: Later
  readonly #failures = new Map<string, number>()
  readonly #working = new Map<string, number>()
  #work: Work | undefined
  #stopped: (() => void) | undefined
  #dispatching = false
  /** How many resyncs are worked on: half of the workers are left to edits. */
  #resyncing = 0

  constructor(options: QueueOptions = {}) {
    this.#options = options
    this.#clock = options.clock ?? monotonicClock
    this.#gates = new Gates(options.gateLimit ?? Number.POSITIVE_INFINITY)
    this.#later = new Later(this.#clock, (key, lane) => this.add(key, lane))
    this.#retries = new TokenBucket(RETRIES_PER_SECOND, RETRY_BURST, this.#clock.now())
  }

  /** Keys that wait for a worker. */
  get depth(): number {
    return this.#items.size - this.#working.size - this.parked
  }

  /** Keys that wait for a closed gate. */
  get parked(): number {
    return this.#gates.parked
  }

  /** For how many seconds each key that is worked on has been. */
  get workingSeconds(): number[] {
    const now = this.#clock.now()
    return [...this.#working.values()].map((since) => (now - since) / 1000)
  }

  add(key: string, lane: Lane = 'edit'): void {
    this.#options.observer?.added?.(key)
    const item = this.#items.get(key)
    if (item === undefined) this.#insert(key, lane)
    else if (item.working) item.again = moreUrgent(item.again, lane)
    else this.#move(item, moreUrgent(item.lane, lane))
  }

  /** Adds a key later. Of several times that are set for a key, the earliest holds. */
  addAfter(key: string, delayMs: number, lane: Lane = 'resync'): void {
    this.#later.set(key, delayMs, lane)
  }

  /** Parks the keys of a gate until it opens: what they need is not there. */
  close(gate: string): void {
    const it = this.#gates.of(gate)
    it.closed = true
    this.#gates.refresh(it)
  }

  open(gate: string): void {
    const it = this.#gates.of(gate)
    it.closed = false
    this.#gates.refresh(it)
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
    this.#later.resume()
    this.#dispatch()
    if (work.stop.aborted) stop()
    await promise
    this.#later.pause()
    work.stop.removeEventListener('abort', stop)
    this.#work = undefined
    this.#stopped = undefined
  }

  #insert(key: string, lane: Lane): void {
    const gate = this.#gateOf(key)
    const item = { key, lane, gate, since: this.#clock.now(), working: false, again: undefined }
    this.#items.set(key, item)
    gate.waiting[lane].push(item)
    this.#gates.refresh(gate)
    this.#dispatch()
  }

  /** To where a key that waits belongs now; if that is where it is, it keeps its place. */
  #move(item: Item, lane: Lane): void {
    const gate = this.#gateOf(item.key)
    const { gate: oldGate, lane: oldLane } = item
    if (gate === oldGate && lane === oldLane) return
    oldGate.waiting[oldLane].delete(item)
    gate.waiting[lane].push(item)
    item.gate = gate
    item.lane = lane
    this.#gates.refresh(oldGate)
    this.#gates.refresh(gate)
    this.#dispatch()
  }

  #gateOf(key: string): Gate<Item> {
    return this.#gates.of(this.#options.gateOf?.(key))
  }

  /** Once for all that is added in one go, so that the order in which it is added does not matter. */
  #dispatch(): void {
    if (this.#dispatching) return
    this.#dispatching = true
    queueMicrotask(() => {
      this.#dispatching = false
      const work = this.#work
      while (work !== undefined && !work.stop.aborted && this.#working.size < work.workers) {
        const item = this.#gates.shift(this.#resyncing < Math.ceil(work.workers / 2))
        if (item === undefined) break
        void this.#process(item, work)
      }
    })
  }

  async #process(item: Item, work: Work): Promise<void> {
    const { key, gate, lane, since } = item
    const begin = this.#clock.now()
    item.working = true
    if (lane === 'resync') this.#resyncing += 1
    this.#working.set(key, begin)
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
    if (lane === 'resync') this.#resyncing -= 1
    this.#gates.refresh(gate)
    if (item.again !== undefined) this.#insert(key, item.again)
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
}
