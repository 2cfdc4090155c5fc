import type { KubeClient } from './client.ts'
import { monotonicClock } from './clock.ts'
import { isConflict, isNotFound } from './errors.ts'
import { microTime } from './micro-time.ts'
import type { KubeObject, ResourceType } from './object.ts'
import { sleep } from './sleep.ts'

export const LEASES: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
}

/** Whoever made it may have left anything out. */
export interface Lease extends KubeObject {
  spec: Partial<LeaseSpec>
}

interface LeaseSpec {
  /** Empty: free. */
  holderIdentity: string
  leaseDurationSeconds: number
  acquireTime: string
  renewTime: string
  leaseTransitions: number
}

export interface ElectionOptions {
  client: Pick<KubeClient, 'get' | 'create' | 'replace'>
  namespace: string
  name: string
  /** Of this process and no other, ever: for example the pod's name and a random uuid. */
  identity: string
  /** Milliseconds. Default: 15,000, 10,000 and 2,000. */
  timing?: ElectionTiming
  /** Told of what went wrong and is tried again. */
  report?: (error: unknown) => void
  /** Told once of each holder that keeps this process waiting. */
  waiting?: (holder: string) => void
}

export interface ElectionTiming {
  /** How long others wait for a holder that says nothing. A multiple of 1,000. */
  lease: number
  /** After this time without renewal the holder gives up; less than `lease`. */
  renewDeadline: number
  /** Between two looks at the lease. */
  retry: number
}

/** The time in which this process leads. */
export interface Term {
  /** Greater than that of every earlier term, of whichever process: a fence for what is written elsewhere. */
  epoch: number
  /** Aborts with LeadershipLost. */
  signal: AbortSignal
  /**
   * False as soon as the renewal is overdue, even where a paused process has not been able to notice yet: ask right
   * before what only the leader may do.
   */
  held(): boolean
}

export class LeadershipLost extends Error {
  constructor(lease: string) {
    super(`lost the lease ${lease}: another process may lead now`)
    this.name = 'LeadershipLost'
  }
}

const DEFAULT_TIMING: ElectionTiming = { lease: 15_000, renewDeadline: 10_000, retry: 2_000 }
const RELEASE_TIMEOUT_MS = 2_000

/**
 * Waits until this process leads, then does `work` while it renews the lease, and gives the lease back when the work has
 * ended. `stop` ends the waiting; work under way has to look at it itself. Throws LeadershipLost, after the work has
 * ended, when the lease could not be kept.
 */
export async function lead(options: ElectionOptions, stop: AbortSignal, work: (term: Term) => Promise<void>) {
  const { timing = DEFAULT_TIMING } = options
  const held = await acquire(options, timing, stop)
  if (held === undefined) return
  const lost = new AbortController()
  const ended = new AbortController()
  const renewing = keep(options, timing, held, lost, ended.signal)
  try {
    await work({
      epoch: held.lease.spec.leaseTransitions ?? 0,
      signal: lost.signal,
      held: () => !lost.signal.aborted && monotonicClock.now() - held.renewed < timing.renewDeadline,
    })
  } finally {
    ended.abort()
    await renewing
    if (!lost.signal.aborted) await release(options, held.lease)
  }
  lost.signal.throwIfAborted()
}

interface Held {
  lease: Lease
  /** When the last renewal was begun, on the monotonic clock. */
  renewed: number
}

/** The first term, or undefined when `stop` aborts before. */
async function acquire(options: ElectionOptions, timing: ElectionTiming, stop: AbortSignal): Promise<Held | undefined> {
  // What the holder last wrote and when we saw it first. Its clock is not asked: it may be another.
  let seen = { record: '', at: 0 }
  let waitedFor: string | undefined
  while (!stop.aborted) {
    const renewed = monotonicClock.now()
    let wait = timing.retry
    try {
      const known = await read(options, timing, stop)
      if (known === undefined) return { lease: await create(options, timing, stop), renewed }
      const record = JSON.stringify(known.spec)
      if (record !== seen.record) seen = { record, at: monotonicClock.now() }
      const { holderIdentity: holder, leaseDurationSeconds = timing.lease / 1000 } = known.spec
      const left = seen.at + leaseDurationSeconds * 1000 - monotonicClock.now()
      if (!holder || holder === options.identity || left <= 0)
        return { lease: await take(options, timing, known, stop), renewed }
      if (holder !== waitedFor) options.waiting?.(holder)
      waitedFor = holder
      wait = Math.min(wait, left)
    } catch (error) {
      // Another was faster.
      if (!isConflict(error) && !stop.aborted) options.report?.(error)
    }
    await sleep(monotonicClock, wait, stop)
  }
  return undefined
}

/** Renews until `ended`, or aborts `lost`. */
async function keep(
  options: ElectionOptions,
  timing: ElectionTiming,
  held: Held,
  lost: AbortController,
  ended: AbortSignal,
) {
  while (!ended.aborted) {
    await sleep(monotonicClock, timing.retry, ended)
    if (ended.aborted) return
    const begin = monotonicClock.now()
    const left = held.renewed + timing.renewDeadline - begin
    if (left <= 0) return lost.abort(new LeadershipLost(nameOf(options)))
    try {
      held.lease = await write(options, held.lease, { renewTime: microTime() }, AbortSignal.timeout(Math.ceil(left)))
      held.renewed = begin
    } catch (error) {
      options.report?.(error)
      if (isConflict(error) || isNotFound(error)) {
        // Whether it is still ours is not known where it cannot be read: then the next renewal shows it.
        const current = await read(options, timing, ended).catch(() => held.lease)
        if (current?.spec.holderIdentity !== options.identity) return lost.abort(new LeadershipLost(nameOf(options)))
        held.lease = current
      }
    }
  }
}

async function release(options: ElectionOptions, lease: Lease): Promise<void> {
  const free = { holderIdentity: '', leaseDurationSeconds: 1, renewTime: microTime() }
  try {
    await write(options, lease, free, AbortSignal.timeout(RELEASE_TIMEOUT_MS))
  } catch (error) {
    // The others wait until it expires.
    options.report?.(error)
  }
}

async function read({ client, namespace, name }: ElectionOptions, timing: ElectionTiming, stop: AbortSignal) {
  try {
    return await client.get<Lease>(LEASES, { namespace, name }, { signal: limited(timing, stop) })
  } catch (error) {
    if (isNotFound(error)) return undefined
    throw error
  }
}

async function create(
  { client, namespace, name, identity }: ElectionOptions,
  timing: ElectionTiming,
  stop: AbortSignal,
) {
  const lease = {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: { namespace, name },
    spec: newTerm(identity, timing, 0),
  }
  return await client.create<Lease>(LEASES, lease, { signal: limited(timing, stop) })
}

async function take(options: ElectionOptions, timing: ElectionTiming, known: Lease, stop: AbortSignal): Promise<Lease> {
  const spec = newTerm(options.identity, timing, known.spec.leaseTransitions ?? 0)
  return await write(options, known, spec, limited(timing, stop))
}

/** With the resourceVersion as read: a conflict when another wrote meanwhile. */
async function write({ client }: ElectionOptions, lease: Lease, spec: Partial<LeaseSpec>, signal: AbortSignal) {
  return await client.replace<Lease>(LEASES, { ...lease, spec: { ...lease.spec, ...spec } }, { signal })
}

function newTerm(identity: string, timing: ElectionTiming, before: number): LeaseSpec {
  return {
    holderIdentity: identity,
    leaseDurationSeconds: Math.max(1, timing.lease / 1000),
    acquireTime: microTime(),
    renewTime: microTime(),
    // At least the minutes since 1970: it has to grow also where somebody deleted the Lease.
    leaseTransitions: Math.max(before + 1, Math.floor(Date.now() / 60_000)),
  }
}

/** A look at the lease that takes long is worth less than the next one. */
function limited(timing: ElectionTiming, stop: AbortSignal): AbortSignal {
  return AbortSignal.any([stop, AbortSignal.timeout(Math.ceil(timing.renewDeadline / 2))])
}

function nameOf({ namespace, name }: ElectionOptions): string {
  return `${namespace}/${name}`
}
