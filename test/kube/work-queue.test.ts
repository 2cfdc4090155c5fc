import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Lane } from '../../src/kube/lane.ts'
import { type Outcome, type QueueOptions, WorkQueue } from '../../src/kube/work-queue.ts'
import { ManualClock, settle } from './manual-clock.ts'

/** A queue whose workers end a key when the test says so. */
function start(options: QueueOptions = {}, workers = 1) {
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock, ...options })
  const running = new Map<string, PromiseWithResolvers<Outcome>>()
  const started: string[] = []
  const lanes: Lane[] = []
  const stop = new AbortController()
  const ended = queue.run({
    workers,
    timeoutMs: 60_000,
    stop: stop.signal,
    handle: (key, { lane }) => {
      if (running.has(key)) throw new Error(`two workers on ${key}`)
      started.push(key)
      lanes.push(lane)
      const work = Promise.withResolvers<Outcome>()
      running.set(key, work)
      return work.promise.finally(() => running.delete(key))
    },
  })
  const end = async (key: string, outcome: Outcome = {}) => {
    running.get(key)?.resolve(outcome)
    await settle()
  }
  const fail = async (key: string) => {
    running.get(key)?.reject(new Error('no'))
    await settle()
  }
  return { clock, queue, running, started, lanes, stop, ended, end, fail }
}

test('a key that is added often while it waits is worked on once', async () => {
  const { queue, started, end } = start()
  for (const key of ['a', 'b', 'a', 'b', 'b']) queue.add(key)
  await settle()
  await end('a')
  await end('b')
  expect(started).toEqual(['a', 'b'])
  expect(queue.depth).toBe(0)
})

test('a key that is added while it is worked on is worked on again, and never twice at once', async () => {
  const { queue, started, end } = start({}, 4)
  queue.add('a')
  await settle()
  queue.add('a')
  queue.add('a')
  await settle()
  expect(started).toEqual(['a'])
  await end('a')
  expect(started).toEqual(['a', 'a'])
  await end('a')
  expect(started).toHaveLength(2)
})

test('edits overtake resyncs, but for every eighth turn', async () => {
  const { queue, started, end } = start()
  for (let i = 0; i < 20; i += 1) queue.add(`resync-${i}`, 'resync')
  for (let i = 0; i < 20; i += 1) queue.add(`edit-${i}`, 'edit')
  await settle()
  for (let i = 0; i < 16; i += 1) await end(started.at(-1) ?? '')
  const turns = started.slice(0, 16).map((key) => (key.startsWith('edit') ? 'e' : 'r'))
  expect(turns.join('')).toBe('eeeeeeereeeeeeer')
})

test('resyncs leave half of the workers to edits', async () => {
  const { queue, started, end } = start({}, 4)
  for (let i = 0; i < 5; i += 1) queue.add(`resync-${i}`, 'resync')
  await settle()
  expect(started).toEqual(['resync-0', 'resync-1'])
  for (const key of ['edit-0', 'edit-1', 'edit-2']) queue.add(key)
  await settle()
  expect(started.slice(2)).toEqual(['edit-0', 'edit-1'])
  await end('resync-0')
  expect(started.at(-1)).toBe('edit-2')
  await end('edit-2')
  expect(started.at(-1)).toBe('resync-2')
})

test('resyncs leave one place in a gate to edits', async () => {
  const { queue, started, end } = start({ gateOf: () => 'gate', gateLimit: 2 }, 8)
  for (const key of ['resync-0', 'resync-1']) queue.add(key, 'resync')
  await settle()
  expect(started).toEqual(['resync-0'])
  queue.add('edit')
  await settle()
  expect(started).toEqual(['resync-0', 'edit'])
  await end('edit')
  expect(started).toHaveLength(2)
  await end('resync-0')
  expect(started.at(-1)).toBe('resync-1')
})

test('an edit of a key that waits as resync takes it along', async () => {
  const { queue, started, lanes, end } = start()
  queue.add('busy')
  await settle()
  for (const key of ['a', 'b', 'c']) queue.add(key, 'resync')
  queue.add('c', 'edit')
  queue.add('c', 'resync')
  await end('busy')
  expect(started).toEqual(['busy', 'c'])
  expect(lanes).toEqual(['edit', 'edit'])
})

describe('later', () => {
  test('the earliest time that is set for a key holds', async () => {
    const { clock, queue, started, end } = start()
    queue.addAfter('a', 5_000)
    queue.addAfter('a', 1_000)
    queue.addAfter('a', 9_000)
    await clock.pass(999)
    expect(started).toEqual([])
    await clock.pass(1)
    expect(started).toEqual(['a'])
    await end('a')
    await clock.pass(20_000)
    expect(started).toEqual(['a'])
  })

  test('a handler says when to look again', async () => {
    const { clock, queue, started, lanes, end } = start()
    queue.add('a')
    await settle()
    await end('a', { requeueAfterMs: 600_000 })
    await clock.pass(599_999)
    expect(started).toHaveLength(1)
    await clock.pass(1)
    expect(started).toHaveLength(2)
    expect(lanes).toEqual(['edit', 'resync'])
  })
})

describe('failures', () => {
  test('waits double from 1 second to 7 minutes, and begin anew after a success', async () => {
    const waits: number[] = []
    const { clock, queue, end, fail } = start({ observer: { retried: (_, __, seconds) => waits.push(seconds) } })
    queue.add('a')
    for (let i = 0; i < 11; i += 1) {
      await settle()
      await fail('a')
      await clock.pass(420_000)
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 420, 420])
    await end('a')
    queue.add('a')
    await settle()
    await fail('a')
    expect(waits.at(-1)).toBe(1)
  })

  test('of a thousand keys that fail at once, ten a second are tried again after the first hundred', async () => {
    const { clock, queue, started, fail } = start({}, 1_000)
    for (let i = 0; i < 1_000; i += 1) queue.add(`k${i}`)
    await settle()
    await Promise.all(started.map(fail))
    started.length = 0
    await clock.pass(1_000)
    expect(started).toHaveLength(110)
    await clock.pass(10_000)
    expect(started).toHaveLength(210)
  })

  test('the signal of a handler aborts when it takes too long, and when all is to break off', async () => {
    const clock = new ManualClock()
    const queue = new WorkQueue({ clock })
    const [stop, abort] = [new AbortController(), new AbortController()]
    const reasons: unknown[] = []
    const ended = queue.run({
      workers: 2,
      timeoutMs: 60_000,
      stop: stop.signal,
      abort: abort.signal,
      handle: (_, { signal }) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            reasons.push(signal.reason instanceof Error ? signal.reason.message : signal.reason)
            resolve({})
          })
        }),
    })
    queue.add('slow')
    await clock.pass(59_999)
    queue.add('later')
    await clock.pass(1)
    expect(reasons).toEqual(['took longer than 60 s'])
    stop.abort()
    abort.abort(new Error('lost'))
    await ended
    expect(reasons).toEqual(['took longer than 60 s', 'lost'])
  })
})

describe('gates', () => {
  const gateOf = (key: string) => key.split('/')[0]

  test('keys of a closed gate wait, others pass; all of them go on when it opens', async () => {
    const { queue, started, end } = start({ gateOf }, 2)
    queue.close('down')
    for (const key of ['down/1', 'down/2', 'up/1', 'down/1']) queue.add(key)
    await settle()
    expect(started).toEqual(['up/1'])
    expect(queue.parked).toBe(2)
    expect(queue.depth).toBe(0)
    await end('up/1')
    queue.open('down')
    await settle()
    expect(started).toEqual(['up/1', 'down/1', 'down/2'])
    expect(queue.parked).toBe(0)
  })

  test('a key that needs its gate no more passes when it is added again', async () => {
    let gate: string | undefined = 'down'
    const { queue, started } = start({ gateOf: () => gate })
    queue.close('down')
    queue.add('a')
    await settle()
    expect(started).toEqual([])
    gate = undefined
    queue.add('a')
    await settle()
    expect(started).toEqual(['a'])
  })

  test('a key that has moved to another gate leaves nothing behind', async () => {
    let gate: string | undefined
    const { queue, started, end } = start({ gateOf: () => gate })
    queue.add('busy')
    await settle()
    for (gate of ['one', 'two']) queue.add('a')
    await end('busy')
    expect(started).toEqual(['busy', 'a'])
  })

  test('an edit of the only key of a gate does not take it past the gate', async () => {
    const { queue, started, end } = start({ gateOf })
    queue.add('up/1')
    await settle()
    queue.add('down/1', 'resync')
    queue.add('down/1', 'edit')
    queue.close('down')
    await end('up/1')
    expect(started).toEqual(['up/1'])
    expect(queue.parked).toBe(1)
  })

  test('a gate lets a few through at once, and others take turns with it', async () => {
    const { queue, started, running, end } = start({ gateOf, gateLimit: 2 }, 8)
    for (let i = 0; i < 5; i += 1) queue.add(`big/${i}`)
    queue.add('small/0')
    await settle()
    expect([...running.keys()].sort()).toEqual(['big/0', 'big/1', 'small/0'])
    await end('big/1')
    expect([...running.keys()].sort()).toEqual(['big/0', 'big/2', 'small/0'])
    expect(started).toHaveLength(4)
  })
})

test('stop ends the intake and lets what runs end', async () => {
  const { queue, started, stop, ended, end } = start()
  queue.add('a')
  queue.add('b')
  await settle()
  stop.abort()
  let done = false
  void ended.then(() => {
    done = true
  })
  await settle()
  expect(done).toBe(false)
  await end('a')
  expect(done).toBe(true)
  expect(started).toEqual(['a'])
  expect(queue.depth).toBe(1)
})

test('a queue goes on where it was stopped', async () => {
  const clock = new ManualClock()
  const queue = new WorkQueue({ clock })
  const worked: string[] = []
  const run = (signal: AbortSignal) =>
    queue.run({
      workers: 1,
      timeoutMs: 1_000,
      stop: signal,
      handle: async (key) => {
        worked.push(key)
        return {}
      },
    })
  queue.addAfter('a', 1_000)
  await run(AbortSignal.abort())
  await clock.pass(5_000)
  expect(worked).toEqual([])
  const stop = new AbortController()
  const ended = run(stop.signal)
  await clock.pass(0)
  expect(worked).toEqual(['a'])
  await expect(run(stop.signal)).rejects.toThrow('being worked already')
  stop.abort()
  await ended
})

const key = fc.constantFrom('x/1', 'x/2', 'x/3', 'y/1', 'y/2', 'z')
const lane = fc.constantFrom<Lane>('edit', 'resync')
const gate = fc.constantFrom('x', 'y')
const step = fc.oneof(
  fc.record({ do: fc.constant('add' as const), key, lane }),
  fc.record({ do: fc.constant('addAfter' as const), key, lane, ms: fc.integer({ min: 0, max: 5_000 }) }),
  fc.record({ do: fc.constant('close' as const), gate }),
  fc.record({ do: fc.constant('open' as const), gate }),
  fc.record({ do: fc.constant('end' as const), nth: fc.nat(5) }),
  fc.record({ do: fc.constant('fail' as const), nth: fc.nat(5) }),
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
)

test('whatever happens: one worker per key, gates hold, and work begins after every add', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 4 }), async (steps, workers) => {
      const gateOf = (it: string) => (it === 'z' ? undefined : it.slice(0, 1))
      const { clock, queue, running, started, end, fail } = start({ gateOf, gateLimit: 2 }, workers)
      const owed = new Map<string, number>()
      const closed = new Set<string>()
      let seen = 0
      const check = (closedBefore: Set<string>) => {
        for (const it of started.slice(seen)) {
          owed.delete(it)
          expect(closedBefore.has(gateOf(it) ?? '')).toBe(false)
        }
        seen = started.length
        expect(running.size).toBeLessThanOrEqual(workers)
        for (const name of ['x', 'y']) {
          expect([...running.keys()].filter((it) => gateOf(it) === name).length).toBeLessThanOrEqual(2)
        }
      }
      for (const it of steps) {
        if (it.do === 'add' || it.do === 'addAfter') owed.set(it.key, 1)
        if (it.do === 'add') queue.add(it.key, it.lane)
        if (it.do === 'addAfter') queue.addAfter(it.key, it.ms, it.lane)
        if (it.do === 'close') closed.add(it.gate)
        if (it.do === 'close') queue.close(it.gate)
        if (it.do === 'open') closed.delete(it.gate)
        if (it.do === 'open') queue.open(it.gate)
        if (it.do === 'end') await end([...running.keys()][it.nth] ?? '')
        if (it.do === 'fail') {
          const failed = [...running.keys()][it.nth]
          if (failed !== undefined) owed.set(failed, 1)
          await fail(failed ?? '')
        }
        await (it.do === 'pass' ? clock.pass(it.ms) : settle())
        check(closed)
      }
      for (const name of ['x', 'y']) queue.open(name)
      for (let round = 0; round < 40; round += 1) {
        await clock.pass(420_000)
        await Promise.all([...running.keys()].map((it) => end(it)))
      }
      check(new Set())
      expect([...owed.keys()]).toEqual([])
      expect([queue.depth, queue.parked, running.size]).toEqual([0, 0, 0])
    }),
    { numRuns: 150 },
  )
}, 60_000)
