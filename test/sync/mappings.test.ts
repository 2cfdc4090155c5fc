import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { MappingSpec } from '../../src/model/activation.ts'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import { replay } from '../../src/sync/replay.ts'
import { FLATTEN, JOURNEY, LINKED_AUDIENCE } from '../fixtures/mappings.ts'
import { type Manifests, SyncBench } from './harness.ts'

const kit: { transform(mapping: object, call: object): { properties: object } } = createRequire(import.meta.url)(
  '@segment/actions-core/mapping-kit',
)

const computation = { audience: 'vip' }
const manifests = (properties: NonNullable<MappingSpec['properties']>): Manifests => ({
  space: { audiences: [{ key: 'vip' }] },
  activations: {
    classic: { computation, classic: { calls: ['Track'] } },
    mapped: {
      computation,
      storageActions: { table: 'mapped', triggers: ['AudienceEntered'], mapping: { properties } },
    },
  },
})
const entered = (number: number, plan: unknown) => ({
  type: 'track',
  event: 'Audience Entered',
  messageId: `t${number}`,
  userId: `u${number}`,
  receivedAt: `2026-01-0${number}T00:00:00Z`,
  properties: { audience_key: 'vip', plan },
})
const GOOD = { plan: { '@path': '$.properties.plan' }, label: { '@template': '{{userId}}: {{properties.plan}}' } }

let bench: SyncBench
beforeEach(async () => {
  bench = await SyncBench.create()
})
afterEach(() => bench.remove())

const ids = async (table: string) => (await bench.rows(table, 'id')).map(({ id }) => id)

test('the columns of a mapping are its properties', async () => {
  await bench.write('a.ndjson', [entered(1, 'pro')])
  expect(await bench.sync(await bench.prepare(manifests(GOOD)))).toMatchObject({ status: 'Success', notices: [] })
  expect(await bench.rows('"default".mapped', 'id', 'plan', 'label')).toEqual([
    { id: 't1', plan: 'pro', label: 'u1: pro' },
  ])
})

const cart = { properties: { cart: { '@path': '$.properties.shopping_cart__id' } } }
test.each<[string, object, object, string]>([
  ['of linked audiences', LINKED_AUDIENCE, { audience: 'idle_carts_linked' }, '22-linked-audience-raw.json'],
  ['of journeys', JOURNEY, { journey: 'onboarding' }, '18-journey-v2-event-triggered.json'],
  [
    'of linked audiences that flattens their context',
    { ...LINKED_AUDIENCE, ...FLATTEN },
    { audience: 'idle_carts_linked' },
    '22-linked-audience-raw.json',
  ],
  [
    'that flattens, beside a column of what is flat',
    { ...FLATTEN, ...cart },
    { audience: 'idle_carts_linked' },
    '22-linked-audience-raw.json',
  ],
])("a mapping of Segment's %s makes the columns that mapping-kit makes", async (_, mapping, of, file) => {
  const call = JSON.parse(readFileSync(new URL(`../fixtures/calls/${file}`, import.meta.url), 'utf8'))
  const isJourney = 'journey' in of
  const order = await bench.prepare({
    space: { audiences: [{ key: 'idle_carts_linked', type: 'Linked' }], journeys: [{ key: 'onboarding' }] },
    activations: {
      pasted: {
        computation: of,
        storageActions: { table: 'pasted', triggers: [isJourney ? 'JourneyStepEntered' : 'EntityAdded'], mapping },
      },
    },
  })
  await bench.write(
    'calls.ndjson',
    [1, 2, 3].map((number) => ({ ...call, messageId: `m${number}` })),
  )
  expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 3, notices: [] })
  const { properties } = kit.transform(structuredClone(mapping), call)
  expect(Object.keys(properties)).not.toEqual([])
  expect(await bench.rows('"default".pasted')).toEqual(
    [1, 2, 3].map((number) => ({ id: `m${number}`, received_at: call.receivedAt, ...properties })),
  )
})

test('a mapping that only flattens makes columns of all properties', async () => {
  const order = await bench.prepare({
    space: { audiences: [{ key: 'idle_carts_linked', type: 'Linked' }] },
    activations: {
      flat: {
        computation: { audience: 'idle_carts_linked' },
        storageActions: { table: 'flat', triggers: ['EntityAdded'], mapping: FLATTEN },
      },
    },
  })
  await bench.write('calls.ndjson', [
    {
      ...entered(1, 'pro'),
      event: 'Entity Added',
      properties: { audience_key: 'idle_carts_linked', data_graph_entity_context: { cart: { id: 7 } } },
    },
  ])
  expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1 })
  expect(await bench.rows('"default".flat')).toEqual([
    { id: 't1', received_at: '2026-01-01T00:00:00Z', audience_key: 'idle_carts_linked', cart_id: '7' },
  ])
})

test('a directive for all columns that makes no map of a call discards the call', async () => {
  await bench.write('a.ndjson', [entered(1, { tier: 'pro' }), entered(2, 'pro'), entered(3, null)])
  expect(await bench.sync(await bench.prepare(manifests({ '@path': '$.properties.plan' })))).toMatchObject({
    status: 'Partial',
  })
  expect(await bench.rows('"default".mapped', 'id', 'tier')).toEqual([{ id: 't1', tier: 'pro' }, { id: 't3' }])
  expect(await bench.discards()).toMatchObject([{ table_name: 'mapped', reason: 'MappingFailed', row_id: 't2' }])
})

/** As another version of EngageOps may have compiled it: none of this one does. */
describe('an order with a mapping that cannot be applied', () => {
  const bad = (order: WorkOrder): WorkOrder => ({
    ...order,
    storageActions: order.storageActions.map((actions) => ({
      ...actions,
      mapping: { properties: { ...GOOD, b: { '@bogus': 1 }, c: { '@json': { mode: 'x', value: 1 } } } },
    })),
  })
  const notice = {
    level: 'Error',
    message: expect.stringMatching(
      /^Activation mapped is left out: InvalidSpec: mapping\.properties\.b: @bogus is no directive: write one of @[^;]*; mapping\.properties\.c\."@json"\.mode: must be encode or decode$/,
    ),
  }

  test('loads the others, tells of it in each run, and goes on where it stood once it is mended', async () => {
    const order = await bench.prepare(manifests(GOOD))
    await bench.write('a.ndjson', [entered(1, 'pro')])
    await bench.sync(order)
    await bench.write('b.ndjson', [entered(2, 'pro')])
    expect(await bench.sync(bad(order))).toMatchObject({ status: 'Partial', rows: 1, notices: [notice] })
    expect(await bench.sync(bad(order))).toMatchObject({ status: 'Failure', opened: true, notices: [notice] })
    expect(await ids('engage_default.audience_entered')).toEqual(['t1', 't2'])
    expect(await ids('"default".mapped')).toEqual(['t1'])
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 1, notices: [] })
    expect(await ids('"default".mapped')).toEqual(['t1', 't2'])
  })

  test('keeps the discards of its table', async () => {
    const order = await bench.prepare(manifests({ '@path': '$.properties.plan' }))
    await bench.write('a.ndjson', [entered(1, 'pro')])
    await bench.sync(order)
    const options = { warehouse: bench.warehouse, tempDir: bench.root, holder: 'test' }
    expect(await replay({ ...options, order: bad(order) })).toMatchObject({ resolved: 0, left: 1, notices: [notice] })
    expect(await bench.discards()).toHaveLength(1)
    const mended = await bench.prepare(manifests(GOOD))
    expect(await replay({ ...options, order: mended })).toMatchObject({ resolved: 1, left: 0, notices: [] })
    expect(await bench.rows('"default".mapped', 'id', 'plan')).toEqual([{ id: 't1', plan: 'pro' }])
  })
})
