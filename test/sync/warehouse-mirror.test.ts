import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { bookkeepingTable } from '../../src/plan/bookkeeping.ts'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import { orderHash } from '../../src/sync/mirror.ts'
import { WarehouseMirror } from '../../src/sync/warehouse-mirror.ts'
import { type SyncBench, WAREHOUSES } from './harness.ts'

const MARKS = { calls: { 'segment-logs/a/': '2026-11-17' } }

describe.each(WAREHOUSES)('listings kept in the ledger, on $name', ({ open }) => {
  let bench: SyncBench
  let order: WorkOrder
  beforeEach(async () => {
    bench = await open()
    order = await bench.prepare({
      space: { audiences: [{ key: 'shopper' }] },
      activations: { shopper: { computation: { audience: 'shopper' }, classic: {} } },
    })
  })
  afterEach(() => bench.remove())

  test('come back with their marks, and the newest replaces the one before', async () => {
    const mirror = new WarehouseMirror(bench.warehouse, order)
    expect(await mirror.read(order.scope)).toBeUndefined()
    await mirror.write(order.scope, { order: orderHash(order), stamps: { 'calls/a': '1' } })
    await mirror.write(order.scope, { order: orderHash(order), stamps: {}, marks: MARKS })
    expect(await mirror.read(order.scope)).toEqual({ order: orderHash(order), stamps: {}, marks: MARKS })
    expect(await mirror.read('another/scope/warehouse')).toBeUndefined()
  })

  test('do not count for another work order, nor when a table was made again', async () => {
    const mirror = new WarehouseMirror(bench.warehouse, order)
    await mirror.write(order.scope, { order: orderHash(order), stamps: {}, marks: MARKS })
    const other = new WarehouseMirror(bench.warehouse, {
      ...order,
      selectiveSync: [{ collection: 'users', enabled: false }],
    })
    expect(await other.read(order.scope)).toBeUndefined()

    const { dialect } = bench.warehouse
    await using session = await bench.warehouse.connect()
    await session.execute(
      `INSERT INTO ${dialect.table(bookkeepingTable(order.bookkeepingSchema, 'objects'))} (schema_name, table_name, owner, incarnation) VALUES ('engage_default', 'users', 'me', 'second')`,
    )
    expect(await mirror.read(order.scope)).toBeUndefined()
  })
})
