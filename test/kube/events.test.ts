import { expect, test } from 'vitest'
import { KubeError } from '../../src/kube/errors.ts'
import { EventRecorder, type Happening, type RecorderOptions } from '../../src/kube/events.ts'
import { ManualClock, settle } from './manual-clock.ts'
import { widget } from './widgets.ts'

interface Written {
  metadata: { name: string; namespace: string }
  note: string
  eventTime: string
  series?: { count: number }
}

function recorder() {
  const clock = new ManualClock()
  const created: Written[] = []
  const patched: (object | undefined)[] = []
  const dropped: unknown[] = []
  const fail: { create?: Error; patch?: Error } = {}
  const client = {
    create: async (_: unknown, event: Written) => {
      if (fail.create) throw fail.create
      created.push(event)
      return event
    },
    patch: async (_: unknown, __: unknown, patch: { merge: { series: { count: number } } }) => {
      if (fail.patch) throw fail.patch
      patched.push(patch.merge.series)
    },
  } as unknown as RecorderOptions['client']
  const events = new EventRecorder({
    client,
    controller: 'example.com/test',
    instance: 'pod-1',
    clock,
    dropped: (_, error) => dropped.push(error),
  })
  return { clock, events, created, patched, dropped, fail }
}

const happening = (note: string, uid = 'u1'): Happening => ({
  regarding: widget('a', { uid, resourceVersion: '5' }),
  type: 'Warning',
  reason: 'Failed',
  action: 'Apply',
  note,
})

test('an event says what, of which object, and by whom', async () => {
  const { events, created } = recorder()
  events.record(happening('no'))
  await settle()
  expect(created).toEqual([
    {
      apiVersion: 'events.k8s.io/v1',
      kind: 'Event',
      metadata: { name: expect.stringMatching(/^a\.[0-9a-f]{16}$/), namespace: 'default' },
      eventTime: expect.stringMatching(/T\d\d:\d\d:\d\d\.\d{6}Z$/),
      reportingController: 'example.com/test',
      reportingInstance: 'pod-1',
      regarding: {
        apiVersion: 'example.com/v1',
        kind: 'Widget',
        name: 'a',
        namespace: 'default',
        uid: 'u1',
        resourceVersion: '5',
      },
      type: 'Warning',
      reason: 'Failed',
      action: 'Apply',
      note: 'no',
    },
  ])
})

test('the same again becomes a series, whose count is written at once and then now and then', async () => {
  const { clock, events, created, patched } = recorder()
  for (let i = 0; i < 50; i += 1) {
    events.record(happening('no'))
    await clock.pass(1_000)
  }
  expect(created).toHaveLength(1)
  expect(patched).toMatchObject([{ count: 2 }])
  await clock.pass(360_000)
  expect(patched).toMatchObject([{ count: 2 }, { count: 50 }])
  await clock.pass(720_000)
  expect(patched).toHaveLength(2)
  events.record(happening('no'))
  await settle()
  expect(created).toHaveLength(2)
})

test('an object has 25 different events at once, then one in five minutes; others are not touched', async () => {
  const { clock, events, created, dropped } = recorder()
  for (let i = 0; i < 40; i += 1) events.record(happening(`note ${i}`))
  events.record(happening('of another', 'u2'))
  await settle()
  expect(created).toHaveLength(26)
  expect(dropped).toEqual(Array(15).fill(undefined))
  await clock.pass(300_000)
  events.record(happening('later'))
  events.record(happening('too soon'))
  await settle()
  expect(created.at(-1)?.note).toBe('later')
})

test('what cannot be written is told, and the next one is tried', async () => {
  const { events, created, dropped, fail } = recorder()
  fail.create = new KubeError('POST', { code: 403 })
  events.record(happening('lost'))
  await settle()
  delete fail.create
  events.record(happening('kept'))
  await settle()
  expect(dropped).toEqual([expect.objectContaining({ code: 403 })])
  expect(created.map(({ note }) => note)).toEqual(['kept'])
})

test('at most a thousand wait', async () => {
  const { events, dropped, created } = recorder()
  for (let i = 0; i < 1_200; i += 1) events.record(happening('no', `u${i}`))
  await events.close()
  expect(created).toHaveLength(1_000)
  expect(dropped).toHaveLength(200)
})

test('a count whose event the API server has forgotten makes a new one', async () => {
  const { events, created, fail } = recorder()
  events.record(happening('no'))
  await settle()
  fail.patch = new KubeError('PATCH', { code: 404 })
  events.record(happening('no'))
  await settle()
  expect(created.map(({ series }) => series?.count)).toEqual([undefined, 2])
})

test('closing writes the counts that are not written', async () => {
  const { events, patched } = recorder()
  for (let i = 0; i < 9; i += 1) {
    events.record(happening('no'))
    await settle()
  }
  await events.close()
  expect(patched).toMatchObject([{ count: 2 }, { count: 9 }])
})

test('a long note is cut between characters', async () => {
  const { events, created } = recorder()
  events.record(happening('ä'.repeat(600)))
  await settle()
  expect(created[0]?.note).toBe(`${'ä'.repeat(510)}…`)
})
