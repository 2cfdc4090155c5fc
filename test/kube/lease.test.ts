import { expect, test } from 'vitest'
import { KubeConnectionError, KubeError } from '../../src/kube/errors.ts'
import { type ElectionOptions, LeadershipLost, type Lease, lead, type Term } from '../../src/kube/lease.ts'

/** The one Lease of an API server that can go away. */
function apiServer() {
  let lease: Lease | undefined
  let version = 0
  const state = { down: false, writes: 0, hang: false }
  const reach = async (signal: AbortSignal | undefined) => {
    if (state.down) throw new KubeConnectionError('GET /lease', new Error('down'))
    if (state.hang) await new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)))
  }
  const store = (it: unknown) => {
    state.writes += 1
    version += 1
    lease = structuredClone(it as Lease)
    lease.metadata.resourceVersion = String(version)
    return structuredClone(lease)
  }
  const client = {
    get: async (_: unknown, __: unknown, options: { signal?: AbortSignal | undefined } = {}) => {
      await reach(options.signal)
      if (lease === undefined) throw new KubeError('GET', { code: 404 })
      return structuredClone(lease)
    },
    create: async (_: unknown, it: unknown, options: { signal?: AbortSignal | undefined } = {}) => {
      await reach(options.signal)
      if (lease !== undefined) throw new KubeError('POST', { code: 409 })
      return store(it)
    },
    replace: async (_: unknown, it: unknown, options: { signal?: AbortSignal | undefined } = {}) => {
      await reach(options.signal)
      if ((it as Lease).metadata.resourceVersion !== lease?.metadata.resourceVersion) {
        throw new KubeError('PUT', { code: 409 })
      }
      return store(it)
    },
  } as unknown as ElectionOptions['client']
  return {
    client,
    state,
    spec: () => lease?.spec,
    remove: () => {
      lease = undefined
    },
    takeBy: (holderIdentity: string) => store({ ...lease, spec: { ...lease?.spec, holderIdentity } }),
  }
}

const timing = { lease: 2_000, renewDeadline: 1_000, retry: 50 }

/** A process that stands for election and leads until it is stopped. */
function candidate(client: ElectionOptions['client'], identity: string) {
  const stop = new AbortController()
  const term = Promise.withResolvers<Term & { at: number }>()
  const waitedFor: string[] = []
  const waiting = (holder: string) => waitedFor.push(holder)
  const ended = lead({ client, namespace: 'n', name: 'l', identity, timing, waiting }, stop.signal, async (it) => {
    term.resolve({ ...it, at: performance.now() })
    await new Promise<void>((resolve) => {
      for (const signal of [stop.signal, it.signal]) signal.addEventListener('abort', () => resolve())
    })
  })
  ended.catch(() => {})
  return { stop, term: term.promise, ended, waitedFor }
}

test('one leads and renews; the other follows at once when the lease is given back', async () => {
  const { client, spec, state } = apiServer()
  const a = candidate(client, 'a')
  const first = await a.term
  const b = candidate(client, 'b')
  const renewed = spec()?.renewTime
  await expect.poll(() => spec()?.renewTime).not.toBe(renewed)
  expect(spec()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 2 })
  expect(spec()?.renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/)
  const stopped = performance.now()
  a.stop.abort()
  await a.ended
  const second = await b.term
  expect(second.at - stopped).toBeLessThan(timing.renewDeadline)
  expect(second.epoch).toBeGreaterThan(first.epoch)
  b.stop.abort()
  await b.ended
  expect(spec()?.holderIdentity).toBe('')
  const { writes } = state
  await new Promise((resolve) => setTimeout(resolve, 3 * timing.retry))
  expect(state.writes).toBe(writes)
})

test('after a crash the other leads as soon as the lease has not changed for its duration', async () => {
  const { client, takeBy } = apiServer()
  const a = candidate(client, 'a')
  await a.term
  takeBy('crashed')
  await expect(a.ended).rejects.toThrow(LeadershipLost)
  const begin = performance.now()
  const b = candidate(client, 'b')
  const { at } = await b.term
  expect(at - begin).toBeGreaterThanOrEqual(timing.lease)
  expect(at - begin).toBeLessThan(timing.lease + 900)
  b.stop.abort()
  await b.ended
})

test.each(['down', 'hang'] as const)(
  'a leader that cannot renew (%s) gives up before others may lead',
  async (fault) => {
    const { client, state } = apiServer()
    const a = candidate(client, 'a')
    const term = await a.term
    expect(term.held()).toBe(true)
    state[fault] = true
    const begin = performance.now()
    await expect(a.ended).rejects.toThrow('lost the lease n/l')
    expect(performance.now() - begin).toBeLessThan(timing.lease)
    expect(term.held()).toBe(false)
    expect(term.signal.reason).toBeInstanceOf(LeadershipLost)
  },
)

test('a short fault of the API server ends no term', async () => {
  const { client, state, spec } = apiServer()
  const a = candidate(client, 'a')
  const term = await a.term
  state.down = true
  await new Promise((resolve) => setTimeout(resolve, timing.renewDeadline / 3))
  state.down = false
  const renewed = spec()?.renewTime
  await expect.poll(() => spec()?.renewTime).not.toBe(renewed)
  expect(term.held()).toBe(true)
  a.stop.abort()
  await a.ended
})

test('a process that was paused does not believe that it still leads', async () => {
  const { client } = apiServer()
  const a = candidate(client, 'a')
  const term = await a.term
  // Nothing else can run meanwhile, as in a process that is stopped.
  const until = performance.now() + timing.renewDeadline + 10
  while (performance.now() < until);
  expect(term.signal.aborted).toBe(false)
  expect(term.held()).toBe(false)
  await expect(a.ended).rejects.toThrow(LeadershipLost)
})

test('epochs grow also where the Lease was deleted, which ends the term', async () => {
  const { client, remove } = apiServer()
  const a = candidate(client, 'a')
  const first = await a.term
  remove()
  await expect(a.ended).rejects.toThrow(LeadershipLost)
  const b = candidate(client, 'b')
  const second = await b.term
  expect(second.epoch).toBeGreaterThanOrEqual(first.epoch)
  expect(first.epoch).toBeGreaterThan(1_000_000)
  b.stop.abort()
  await b.ended
})

test('who waits tells once for whom', async () => {
  const { client, spec, takeBy } = apiServer()
  const a = candidate(client, 'a')
  await a.term
  const b = candidate(client, 'b')
  await expect.poll(() => b.waitedFor).toEqual(['a'])
  for (let renewals = 0; renewals < 3; renewals += 1) {
    const renewed = spec()?.renewTime
    await expect.poll(() => spec()?.renewTime).not.toBe(renewed)
  }
  takeBy('c')
  await expect.poll(() => b.waitedFor).toEqual(['a', 'c'])
  b.stop.abort()
  await b.ended
})

test('who waits can be stopped', async () => {
  const { client } = apiServer()
  const a = candidate(client, 'a')
  await a.term
  const b = candidate(client, 'b')
  b.stop.abort()
  await b.ended
  a.stop.abort()
  await a.ended
})
