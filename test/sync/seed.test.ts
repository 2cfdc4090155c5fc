import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { BIGQUERY, type Manifests, type SyncBench, WAREHOUSES } from './harness.ts'

/** The calls that the Engage and Warehouses page prints, as it prints them: no ids, no times, track calls with traits. */
const SEED_CALLS = [
  { type: 'identify', userId: 'u123', traits: { first_time_shopper: true } },
  { type: 'identify', userId: 'u123', traits: { total_revenue_180_days: 450.0 } },
  {
    type: 'track',
    userId: 'u123',
    event: 'Audience Entered',
    traits: { audience_key: 'first_time_shopper', first_time_shopper: true },
  },
  {
    type: 'track',
    userId: 'u123',
    event: 'Audience Exited',
    traits: { audience_key: 'first_time_shopper', first_time_shopper: false },
  },
  {
    type: 'track',
    userId: 'u123',
    event: 'Trait Computed',
    traits: { trait_key: 'total_revenue_180_days', total_revenue_180_days: 450.0 },
  },
]
const MANIFESTS: Manifests = {
  space: {
    audiences: [{ key: 'first_time_shopper' }],
    computedTraits: [{ key: 'total_revenue_180_days', type: 'Float' }],
  },
  activations: {
    'first-time-shopper': { computation: { audience: 'first_time_shopper' }, classic: {} },
    'total-revenue': { computation: { computedTrait: 'total_revenue_180_days' }, classic: {} },
  },
}

vi.setConfig({ testTimeout: 120_000 })

describe.each([...WAREHOUSES, ...BIGQUERY])('on $name', ({ open }) => {
  let bench: SyncBench
  beforeEach(async () => {
    bench = await open()
  })
  afterEach(() => bench.remove())

  test("the five example tables of Segment's page, row for row", async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('seed.ndjson', SEED_CALLS)
    const report = await bench.sync(order)
    expect(report).toMatchObject({ status: 'Success', rows: 6, unrouted: 0 })

    expect(
      await bench.query(
        'SELECT user_id, first_time_shopper, total_revenue_180_days FROM engage_default.identifies ORDER BY first_time_shopper NULLS LAST',
      ),
    ).toEqual([
      { user_id: 'u123', first_time_shopper: 'true', total_revenue_180_days: null },
      { user_id: 'u123', first_time_shopper: null, total_revenue_180_days: '450' },
    ])
    expect(
      await bench.query('SELECT id, user_id, first_time_shopper, total_revenue_180_days FROM engage_default.users'),
    ).toEqual([{ id: 'u123', user_id: 'u123', first_time_shopper: 'true', total_revenue_180_days: '450' }])
    expect(
      await bench.query('SELECT user_id, audience_key, first_time_shopper FROM engage_default.audience_entered'),
    ).toEqual([{ user_id: 'u123', audience_key: 'first_time_shopper', first_time_shopper: 'true' }])
    expect(
      await bench.query('SELECT user_id, audience_key, first_time_shopper FROM engage_default.audience_exited'),
    ).toEqual([{ user_id: 'u123', audience_key: 'first_time_shopper', first_time_shopper: 'false' }])
    expect(
      await bench.query('SELECT user_id, total_revenue_180_days, trait_key FROM engage_default.trait_computed'),
    ).toEqual([{ user_id: 'u123', total_revenue_180_days: '450', trait_key: 'total_revenue_180_days' }])
  })

  test('a second run opens no session; another space of calls is read from where the first ended', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('seed.ndjson', SEED_CALLS)
    await bench.sync(order)
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 0, opened: false })

    bench.mirror = undefined
    expect(await bench.sync(order)).toMatchObject({ status: 'Success', rows: 0, opened: true, bytes: 0 })
  })

  test('an anonymous identify lands in identifies and not in users', async () => {
    const order = await bench.prepare(MANIFESTS)
    await bench.write('anonymous.ndjson', [
      { type: 'identify', anonymousId: 'a1', traits: { first_time_shopper: true } },
    ])
    await bench.sync(order)
    expect(await bench.query('SELECT anonymous_id, user_id FROM engage_default.identifies')).toEqual([
      { anonymous_id: 'a1', user_id: null },
    ])
    expect(await bench.query('SELECT * FROM engage_default.users')).toEqual([])
  })
})
