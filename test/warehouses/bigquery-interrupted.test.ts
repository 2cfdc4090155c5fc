import { afterAll, beforeAll, expect, it } from 'vitest'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import { SyncBench } from '../sync/harness.ts'
import { describeOnBigQuery } from './bigquery-server.ts'
import { MortalClient } from './mortal-client.ts'

const SPACE = { computedTraits: [{ key: 'score', type: 'Integer' }] }
const ACTIVATIONS = { score: { computation: { computedTrait: 'score' }, classic: {} } }
const TABLES = ['identifies', 'users', 'trait_computed']
/** Interruptions that are tried: one in each part of a sync, by chance. */
const TRIALS = 6

/** When the lease of a client that died has expired. */
const later = () => new Date(Date.now() + 3_601_000)

const at = (second: number): string => `2026-03-01T00:00:0${second}Z`
const identify = (id: string, userId: string, second: number, traits: object) => ({
  ...{ type: 'identify', messageId: id, userId, receivedAt: at(second), timestamp: at(second) },
  traits: { trait_key: 'score', ...traits },
})
const track = (id: string, second: number, properties: object) => ({
  ...{
    type: 'track',
    event: 'Trait Computed',
    messageId: id,
    userId: 'u1',
    receivedAt: at(second),
    timestamp: at(second),
  },
  properties: { trait_key: 'score', ...properties },
})

describeOnBigQuery('a sync into BigQuery, which has no transactions', (server) => {
  let bench: SyncBench
  let spaces = 0
  beforeAll(async () => {
    bench = await SyncBench.create({ kind: 'bigquery', settings: server().newProject() }, server().key)
    await bench.write('1.ndjson', [
      identify('i1', 'u1', 1, { score: 1, plan: 'free' }),
      identify('i2', 'u2', 2, { score: 'bad', seats: 3 }),
      track('t1', 1, { score: 1, device: 'phone' }),
    ])
    await bench.write('2.ndjson', [
      identify('i3', 'u1', 3, { score: 2 }),
      identify('i1', 'u1', 4, { score: 3, plan: 'pro' }),
      track('t1', 1, { score: 1, device: 'tablet' }),
      track('t2', 2, { score: 2, seats: 0.5 }),
    ])
  })
  afterAll(() => bench.remove())

  const newSpace = async (): Promise<{ name: string; order: WorkOrder }> => {
    const name = `s${++spaces}`
    const destination = { bookkeepingSchema: `eo_${name}` }
    bench.mirror = undefined
    return { name, order: await bench.prepare({ space: { ...SPACE, name }, activations: ACTIVATIONS, destination }) }
  }
  const contents = async (name: string) => {
    const found: Record<string, unknown> = {}
    for (const table of TABLES) found[table] = await bench.rows(`engage_${name}.${table}`)
    found.discards = await bench.query(
      `SELECT object, position, column_name, reason, value FROM eo_${name}.discards ORDER BY object, position, column_name`,
    )
    return found
  }

  it('comes to the same tables after a crash behind any statement', { timeout: 600_000 }, async () => {
    const segmentBytes = 1
    const whole = await newSpace()
    const living = new MortalClient()
    await bench.sync(whole.order, { segmentBytes, warehouse: living.of(bench.warehouse) })
    const expected = await contents(whole.name)
    expect(expected.users).toHaveLength(2)
    for (let trial = 1; trial <= TRIALS; trial += 1) {
      const { name, order } = await newSpace()
      const statements = Math.ceil(((trial - Math.random()) * living.spent) / TRIALS)
      const client = new MortalClient(statements)
      await bench.sync(order, { segmentBytes, warehouse: client.of(bench.warehouse) }).catch(() => undefined)
      expect(client.spent).toBe(statements)
      expect((await bench.sync(order, { segmentBytes, now: later })).error).toBeUndefined()
      expect(await contents(name), `after ${statements} statements`).toEqual(expected)
    }
  })
})
