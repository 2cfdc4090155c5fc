import { randomBytes } from 'node:crypto'
import type { KubeClient } from './client.ts'
import { type Clock, monotonicClock } from './clock.ts'
import { isNotFound } from './errors.ts'
import { microTime } from './micro-time.ts'
import type { KubeObject, ResourceType } from './object.ts'
import { TokenBucket } from './token-bucket.ts'

export const EVENTS: ResourceType = {
  group: 'events.k8s.io',
  version: 'v1',
  plural: 'events',
  kind: 'Event',
  namespaced: true,
}

/** Something that people should know of an object. */
export interface Happening {
  regarding: KubeObject
  type: 'Normal' | 'Warning'
  /** Why, in one word: `SchemaChanged`. */
  reason: string
  /** What was done or tried, in one word: `Apply`. */
  action: string
  /** For people. Cut at 1,024 bytes. */
  note: string
}

export interface RecorderOptions {
  client: Pick<KubeClient, 'create' | 'patch'>
  /** For example `example.com/operator`. */
  controller: string
  /** Of this process; at most 128 characters. */
  instance: string
  /** Told of what was not written: `error` is undefined where there was too much. */
  dropped?: (happening: Happening, error: unknown) => void
  clock?: Clock
}

export interface Event extends KubeObject {
  metadata: { name: string; namespace: string }
  eventTime: string
  reportingController: string
  reportingInstance: string
  regarding: Record<string, string | undefined>
  type: string
  reason: string
  action: string
  note: string
  series?: { count: number; lastObservedTime: string }
}

interface Series {
  happening: Happening
  event: Event
  count: number
  written: number
  last: number
}

const MOST_WAITING = 1_000
/** Milliseconds: how often a count is written, and how long a repetition belongs to the same series. */
const SERIES_MS = 6 * 60_000
/** Of one object: that many different events at once, then one in five minutes. */
const BURST = 25
const PER_SECOND = 1 / 300
const LONGEST_NOTE = 1_024

/** Writes events, in the background: to record one never waits and never fails. */
export class EventRecorder {
  readonly #options: RecorderOptions
  readonly #clock: Clock
  readonly #series = new Map<string, Series>()
  readonly #buckets = new Map<string, TokenBucket>()
  readonly #waiting = new Set<Series>()
  #writing: Promise<void> | undefined
  #cancelTimer: (() => void) | undefined

  constructor(options: RecorderOptions) {
    this.#options = options
    this.#clock = options.clock ?? monotonicClock
  }

  /** The same again within six minutes adds to the count of the first. */
  record(happening: Happening): void {
    const { regarding, type, reason, action, note } = happening
    const now = this.#clock.now()
    const key = JSON.stringify([regarding.metadata.uid, type, reason, action, note])
    const known = this.#series.get(key)
    if (known !== undefined && now - known.last < SERIES_MS) {
      known.count += 1
      known.last = now
      // People see at once that it is a series, its later counts now and then.
      if (known.count === 2) this.#write(known)
    } else if (this.#bucket(regarding.metadata.uid ?? '', now).take(now)) {
      const series = { happening, event: this.#eventOf(happening), count: 1, written: 0, last: now }
      if (this.#write(series)) this.#series.set(key, series)
    } else {
      this.#options.dropped?.(happening, undefined)
    }
    this.#cancelTimer ??= this.#clock.after(SERIES_MS, () => this.#sweep())
  }

  /** Writes what is still to be written. */
  async close(): Promise<void> {
    this.#cancelTimer?.()
    for (const series of this.#series.values()) if (series.count > series.written) this.#write(series)
    await this.#writing
  }

  /** False when too many wait already. */
  #write(series: Series): boolean {
    if (this.#waiting.size >= MOST_WAITING && !this.#waiting.has(series)) {
      this.#options.dropped?.(series.happening, undefined)
      return false
    }
    this.#waiting.add(series)
    this.#writing ??= this.#writeAll()
    return true
  }

  async #writeAll(): Promise<void> {
    // The rest is for later, so that there is a promise of it by then.
    await Promise.resolve()
    for (const series of this.#waiting) {
      this.#waiting.delete(series)
      try {
        await this.#writeOne(series)
      } catch (error) {
        this.#options.dropped?.(series.happening, error)
      }
    }
    this.#writing = undefined
  }

  async #writeOne(series: Series): Promise<void> {
    const { client } = this.#options
    const { event, count } = series
    const first = series.written === 0
    series.written = count
    const counted = count === 1 ? {} : { series: { count, lastObservedTime: microTime() } }
    if (first) {
      await client.create(EVENTS, { ...event, ...counted })
      return
    }
    try {
      await client.patch(EVENTS, event.metadata, { merge: counted })
    } catch (error) {
      if (!isNotFound(error)) throw error
      // The API server forgets events after an hour.
      await client.create(EVENTS, { ...event, ...counted, eventTime: microTime() })
    }
  }

  /** Writes the counts that have grown, and forgets what has ended. */
  #sweep(): void {
    const now = this.#clock.now()
    for (const [key, series] of this.#series) {
      if (series.count > series.written) this.#write(series)
      else if (now - series.last >= SERIES_MS) this.#series.delete(key)
    }
    for (const [uid, bucket] of this.#buckets) if (bucket.isFull(now)) this.#buckets.delete(uid)
    const quiet = this.#series.size + this.#buckets.size === 0
    this.#cancelTimer = quiet ? undefined : this.#clock.after(SERIES_MS, () => this.#sweep())
  }

  #bucket(uid: string, now: number): TokenBucket {
    const bucket = this.#buckets.get(uid) ?? new TokenBucket(PER_SECOND, BURST, now)
    this.#buckets.set(uid, bucket)
    return bucket
  }

  #eventOf({ regarding, type, reason, action, note }: Happening): Event {
    const { apiVersion, kind, metadata } = regarding
    const { name, namespace = 'default', uid, resourceVersion } = metadata
    return {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: `${name.slice(0, 236)}.${randomBytes(8).toString('hex')}`, namespace },
      eventTime: microTime(),
      reportingController: this.#options.controller,
      reportingInstance: this.#options.instance,
      regarding: { apiVersion, kind, name, namespace: metadata.namespace, uid, resourceVersion },
      type,
      reason,
      action,
      note: cut(note),
    }
  }
}

/** Never in the middle of a character. */
function cut(note: string): string {
  const bytes = Buffer.from(note)
  if (bytes.length <= LONGEST_NOTE) return note
  const text = new TextDecoder().decode(bytes.subarray(0, LONGEST_NOTE - 3), { stream: true })
  return `${text}…`
}
