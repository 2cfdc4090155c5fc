import { Backoff } from './backoff.ts'
import type { KubeClient, Selection, WatchEvent } from './client.ts'
import { monotonicClock } from './clock.ts'
import { isExpired, isForbidden, isNotFound, KubeError } from './errors.ts'
import { type KubeObject, keyOf, type ResourceType } from './object.ts'
import { sleep } from './sleep.ts'

/** What changed of an object. One that was deleted is given as it was last seen. */
export type Change<T> =
  | { type: 'Added' | 'Deleted'; key: string; object: T }
  | { type: 'Modified'; key: string; object: T; previous: T }

/** What a reflector says of itself, for logs and metrics. */
export type ReflectorReport =
  | { type: 'Listed'; objects: number; seconds: number }
  | { type: 'Failed'; error: unknown; retryInMs: number }

export interface ReflectorOptions<T extends KubeObject> {
  client: Pick<KubeClient, 'pages' | 'watch'>
  type: ResourceType
  /** Default: all namespaces. */
  namespace?: string | undefined
  labelSelector?: string | undefined
  metadataOnly?: boolean
  /** What to keep of an object. Default: all but `managedFields` and kubectl's copy of what was last applied. */
  slim?: (object: T) => T
  /** Called in order, after the cache has changed. Should only put keys into a queue: what it throws is reported. */
  onChange: (change: Change<T>) => void
  report?: (report: ReflectorReport) => void
  /** Milliseconds before the first try after a failure, and the longest wait. Default: 800 and 20,000. */
  backoffMs?: { first: number; longest: number }
  /** See WatchOptions. */
  idleMs?: number
}

/** A watch that held for so long shows that things are well again. */
const HEALTHY_MS = 120_000
/** One that ends sooner than this, though nothing is said to be wrong, must not be begun again without a wait. */
const SHORTEST_WATCH_MS = 1_000
/** Where history is gone there is a new list at once, unless the last one is not older than this. */
const SHORTEST_RELIST_MS = 5_000
/** A type that is missing for so long is gone with its objects; for less, an API server may not know it yet. */
const GONE_MS = 10_000
/** So long that an API server that comes back is not overrun, so short that all is known again half a minute later. */
const LONGEST_BACKOFF_MS = 20_000

/**
 * Keeps a copy of the objects of one type and tells of every change: lists, watches from there, and lists again only
 * where the API server no longer knows what happened between. Whatever fails is tried again, for ever: also a type that
 * is not there yet, or not any more.
 */
export class Reflector<T extends KubeObject> {
  readonly #options: ReflectorOptions<T>
  readonly #objects = new Map<string, T>()
  readonly #backoff: Backoff
  readonly #firstAnswer = Promise.withResolvers<void>()
  readonly #firstList = Promise.withResolvers<void>()
  #resourceVersion: string | undefined
  /** When the last list ended. */
  #listed = Number.NEGATIVE_INFINITY
  /** Since when the API server says that there is no such type. */
  #missingSince: number | undefined
  /** Did the API server say anything the last time that something failed? */
  #answered = true
  #lastActivity = monotonicClock.now()
  #lastFailure: unknown

  constructor(options: ReflectorOptions<T>) {
    const { first, longest } = options.backoffMs ?? { first: 800, longest: LONGEST_BACKOFF_MS }
    this.#options = options
    this.#backoff = new Backoff(first, longest)
  }

  /** Fulfilled when the cache has held all objects once. */
  get synced(): Promise<void> {
    return this.#firstList.promise
  }

  /** Whether the cache has held all objects once: until then, what it lacks may be there. */
  get isSynced(): boolean {
    return this.#listed > Number.NEGATIVE_INFINITY
  }

  /** Fulfilled when it is synced, or the API server has said once that there is nothing to see, or not for us (404, 403). */
  get answered(): Promise<void> {
    return this.#firstAnswer.promise
  }

  /** What went wrong the last time that something did. */
  get lastFailure(): unknown {
    return this.#lastFailure
  }

  /**
   * When the reflector last did anything, be it to fail, on the monotonic clock. It does something at least every eleven
   * minutes: where nothing was done for much longer it is stuck, and its process should be started anew.
   */
  get lastActivity(): number {
    return this.#lastActivity
  }

  get(key: string): T | undefined {
    return this.#objects.get(key)
  }

  /** The objects now. They are shared: not to be changed. */
  values(): IterableIterator<T> {
    return this.#objects.values()
  }

  get size(): number {
    return this.#objects.size
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const begin = monotonicClock.now()
      try {
        await this.#listAndWatch(signal)
      } catch (error) {
        if (!signal.aborted) await this.#recover(error, monotonicClock.now() - begin, signal)
      }
      this.#lastActivity = monotonicClock.now()
    }
  }

  /** One watch, after a list where there is nothing to go on from. */
  async #listAndWatch(signal: AbortSignal): Promise<void> {
    const { client, type, idleMs } = this.#options
    this.#resourceVersion ??= await this.#list(signal)
    const begin = monotonicClock.now()
    const watch = client.watch<T>(type, {
      ...this.#selection(signal),
      resourceVersion: this.#resourceVersion,
      // By chance, so that not all watches end together.
      timeoutSeconds: 300 + Math.round(Math.random() * 300),
      ...(idleMs === undefined ? {} : { idleMs }),
    })
    for await (const event of watch) {
      this.#resourceVersion = event.object.metadata.resourceVersion ?? this.#resourceVersion
      this.#lastActivity = monotonicClock.now()
      this.#take(event)
    }
    if (monotonicClock.now() - begin < SHORTEST_WATCH_MS) throw new Error(`the watch of ${type.plural} ended at once`)
  }

  async #recover(error: unknown, heldMs: number, signal: AbortSignal): Promise<void> {
    const answered = error instanceof KubeError
    // An answer after none, though a refusal, is a step forward: what comes next must not wait as long as that took.
    if (heldMs >= HEALTHY_MS || (answered && !this.#answered)) this.#backoff.reset()
    this.#answered = answered
    this.#lastFailure = error
    if (isForbidden(error) || isNotFound(error)) this.#firstAnswer.resolve()
    // A type that was removed may come back with another history.
    if (isExpired(error) || isNotFound(error)) this.#resourceVersion = undefined
    this.#forgetIfGone(error)
    const retryInMs = this.#waitAfter(error)
    this.#options.report?.({ type: 'Failed', error, retryInMs })
    await sleep(monotonicClock, retryInMs, signal)
  }

  /** Objects go with their type, and the watch may have ended before it could tell. */
  #forgetIfGone(error: unknown): void {
    if (!isNotFound(error)) {
      this.#missingSince = undefined
      return
    }
    const now = monotonicClock.now()
    this.#missingSince ??= now
    if (now - this.#missingSince < GONE_MS) return
    for (const [key, object] of this.#objects) this.#delete(key, object)
  }

  #waitAfter(error: unknown): number {
    if (isExpired(error) && monotonicClock.now() - this.#listed > SHORTEST_RELIST_MS) return 0
    const asked = error instanceof KubeError ? (error.retryAfterMs ?? 0) : 0
    return Math.max(asked, this.#backoff.next())
  }

  async #list(signal: AbortSignal): Promise<string> {
    const { client, type, slim = withoutBallast<T> } = this.#options
    const begin = monotonicClock.now()
    const found = new Map<string, T>()
    let resourceVersion = ''
    for await (const page of client.pages<T>(type, this.#selection(signal))) {
      for (const item of page.items) found.set(keyOf(item.metadata), slim(item))
      resourceVersion = page.resourceVersion
      this.#lastActivity = monotonicClock.now()
    }
    for (const [key, object] of this.#objects) if (!found.has(key)) this.#delete(key, object)
    for (const [key, object] of found) this.#put(key, object)
    this.#listed = monotonicClock.now()
    this.#missingSince = undefined
    this.#options.report?.({ type: 'Listed', objects: found.size, seconds: (this.#listed - begin) / 1000 })
    this.#firstList.resolve()
    this.#firstAnswer.resolve()
    return resourceVersion
  }

  #selection(signal: AbortSignal): Selection {
    const { namespace, labelSelector, metadataOnly = false } = this.#options
    return { namespace, labelSelector, metadataOnly, signal }
  }

  #take(event: WatchEvent<T>): void {
    if (event.type === 'BOOKMARK') return
    const key = keyOf(event.object.metadata)
    const object = (this.#options.slim ?? withoutBallast)(event.object)
    if (event.type === 'DELETED') this.#delete(key, object)
    else this.#put(key, object)
  }

  /** An object with another uid is another object: the old one was deleted where nobody saw it. */
  #put(key: string, object: T): void {
    const known = this.#objects.get(key)
    const same = known?.metadata.uid === object.metadata.uid
    if (known !== undefined && !same) this.#delete(key, known)
    if (same && known?.metadata.resourceVersion === object.metadata.resourceVersion) return
    this.#objects.set(key, object)
    this.#tell(
      known !== undefined && same ? { type: 'Modified', key, object, previous: known } : { type: 'Added', key, object },
    )
  }

  #delete(key: string, object: T): void {
    if (this.#objects.delete(key)) this.#tell({ type: 'Deleted', key, object })
  }

  #tell(change: Change<T>): void {
    try {
      this.#options.onChange(change)
    } catch (error) {
      this.#options.report?.({ type: 'Failed', error, retryInMs: 0 })
    }
  }
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

function withoutBallast<T extends KubeObject>(object: T): T {
  const { managedFields: _, ...metadata } = object.metadata
  if (metadata.annotations && LAST_APPLIED in metadata.annotations) {
    const { [LAST_APPLIED]: _, ...annotations } = metadata.annotations
    metadata.annotations = annotations
  }
  return { ...object, metadata }
}
