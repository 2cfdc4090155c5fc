import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import { replay } from '../../src/sync/replay.ts'
import { type Manifests, SyncBench } from './harness.ts'

const MANIFESTS: Manifests = {
  space: { audiences: [{ key: 'vip' }] },
  activations: { vip: { computation: { audience: 'vip' }, classic: {} } },
}
const at = (number: number) => `2026-01-0${number}T00:00:00Z`
const identify = (number: number, foo: unknown) => ({
  type: 'identify',
  messageId: `i${number}`,
  userId: `u${number}`,
  receivedAt: at(number),
  traits: { vip: true, foo },
})
const entered = (number: number, foo: unknown) => ({
  type: 'track',
  event: 'Audience Entered',
  messageId: `t${number}`,
  userId: `u${number}`,
  receivedAt: at(number),
  properties: { audience_key: 'vip', vip: true, foo },
})

const SHARED = ['integer', 'smallint', 'date', 'uuid', 'real', 'decimal(5,2)']
const BENCHES = [
  { name: 'DuckDB', open: () => SyncBench.create(), types: [...SHARED, 'timestamptz', 'time'] },
  {
    name: 'Postgres',
    open: () => SyncBench.onPostgres(),
    types: [...SHARED, 'double precision', 'timestamp', 'json', 'varchar(3)'],
  },
]

describe.each(BENCHES)('a column of a type that EngageOps does not use, on $name', ({ open, types }) => {
  let bench: SyncBench
  let order: WorkOrder
  beforeEach(async () => {
    bench = await open()
    order = await bench.prepare(MANIFESTS)
  })
  afterEach(() => bench.remove())

  const execute = async (sql: string) => {
    await using session = await bench.warehouse.connect()
    await session.execute(sql)
  }
  const addTo = (table: string, type: string) => execute(`ALTER TABLE engage_default.${table} ADD COLUMN foo ${type}`)
  const lost = async () =>
    (await bench.discards()).map(({ table_name, column_name, reason, value }) =>
      [table_name, column_name, reason, value].join(' '),
    )
  const notice = (table: string, count: number) => ({
    level: 'Warning',
    message: `${table}: foo: the column has a type that is not one of EngageOps, and was left as it is; the value went to discards`,
    count,
  })

  test.each(types)('%s: what comes for it is in discards, and whatever else comes is loaded', async (type) => {
    await addTo('identifies', type)
    await addTo('audience_entered', type)
    await bench.write('a.ndjson', [identify(1, 'text value'), identify(2, 7), entered(1, 'text value'), entered(2, 7)])
    expect(await bench.sync(order)).toMatchObject({
      status: 'Partial',
      rows: 6,
      notices: expect.arrayContaining([notice('identifies', 2), notice('audience_entered', 2)]),
    })
    const row = (id: string) => ({ id, vip: 'true' })
    expect(await bench.rows('engage_default.identifies', 'id', 'foo', 'vip')).toEqual([row('i1'), row('i2')])
    expect(await bench.rows('engage_default.audience_entered', 'id', 'foo', 'vip')).toEqual([row('t1'), row('t2')])
    expect(await bench.rows('engage_default.users', 'id', 'foo')).toEqual([
      { id: 'u1', foo: 'text value' },
      { id: 'u2', foo: '7' },
    ])
    expect(await lost()).toEqual([
      'identifies foo OtherType text value',
      'identifies foo OtherType 7',
      'audience_entered foo OtherType text value',
      'audience_entered foo OtherType 7',
    ])
    await bench.write('b.ndjson', [identify(3, true), entered(3, null)])
    expect(await bench.sync(order)).toMatchObject({ status: 'Partial', notices: [notice('identifies', 1)] })
  })

  test('in users only, it is missing in users only', async () => {
    await addTo('users', 'integer')
    await bench.write('a.ndjson', [identify(1, 'text value')])
    expect(await bench.sync(order)).toMatchObject({ status: 'Partial', rows: 2, notices: [notice('users', 1)] })
    expect(await bench.rows('engage_default.identifies', 'id', 'foo')).toEqual([{ id: 'i1', foo: 'text value' }])
    expect(await bench.rows('engage_default.users', 'id', 'foo', 'vip')).toEqual([{ id: 'u1', vip: 'true' }])
    expect(await lost()).toEqual(['users foo OtherType text value'])
  })

  test('one that selective sync leaves out is nobody’s loss', async () => {
    await addTo('identifies', 'integer')
    const selectiveSync = [{ collection: 'identifies', properties: ['foo'] }]
    const without = {
      ...MANIFESTS,
      space: { ...MANIFESTS.space, destinations: [{ name: 'warehouse', selectiveSync }] },
    }
    await bench.write('a.ndjson', [identify(1, 'text value')])
    expect(await bench.sync(await bench.prepare(without))).toMatchObject({ status: 'Success', rows: 2, notices: [] })
    expect(await lost()).toEqual([])
  })

  test('a declared column of it', async () => {
    const storageActions = {
      table: 'buyers',
      triggers: ['AudienceEntered'],
      mapping: { properties: { plan: { '@template': 'p-{{properties.foo}}' } } },
      columns: [{ name: 'foo', type: 'Integer', path: '$.properties.foo' }],
    }
    const activations = { buyers: { computation: { audience: 'vip' }, storageActions } }
    await execute('CREATE SCHEMA "default"')
    await execute(
      'CREATE TABLE "default".buyers (id varchar PRIMARY KEY, received_at timestamp, uuid_ts timestamp, plan date, foo date)'.replaceAll(
        ' timestamp',
        ` ${bench.warehouse.dialect.sqlType('Timestamp')}`,
      ),
    )
    await bench.write('a.ndjson', [entered(1, 7)])
    const storage = bench.compile({ ...MANIFESTS, activations })
    expect(await bench.sync(storage)).toMatchObject({ status: 'Partial', rows: 1 })
    expect(await bench.rows('"default".buyers', 'id', 'plan', 'foo')).toEqual([{ id: 't1' }])
    expect(await lost()).toEqual(['buyers foo OtherType 7', 'buyers plan OtherType p-7'])
  })

  test('once the column has a type of EngageOps, or is gone, replay loads what was lost', async () => {
    await addTo('identifies', 'integer')
    await addTo('users', 'integer')
    await addTo('audience_entered', 'date')
    await bench.write('a.ndjson', [identify(1, 'text value'), entered(1, 7)])
    await bench.sync(order)
    expect(await lost()).toHaveLength(3)
    const again = () => replay({ order, warehouse: bench.warehouse, tempDir: bench.root, holder: 'test' })
    expect(await again()).toMatchObject({ resolved: 0, left: 3 })
    await execute('ALTER TABLE engage_default.audience_entered DROP COLUMN foo')
    await execute('ALTER TABLE engage_default.users ALTER COLUMN foo TYPE varchar')
    expect(await again()).toMatchObject({ resolved: 2, left: 1 })
    expect(await lost()).toEqual(['identifies foo OtherType text value'])
    expect(await bench.rows('engage_default.audience_entered', 'id', 'foo')).toEqual([{ id: 't1', foo: '7' }])
    expect(await bench.rows('engage_default.users', 'id', 'foo')).toEqual([{ id: 'u1', foo: 'text value' }])
  })

  test('in a full table what overflows after the column was dropped stays a discard; retyped, it is loaded', async () => {
    const full = bench.compile({ ...MANIFESTS, destination: { schemaPolicy: { maxColumns: 20 } } })
    await addTo('users', 'date')
    await addTo('audience_entered', 'date')
    const more = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`t${number}`, number]))
    const call = identify(1, 'text value')
    const event = entered(1, 'text value')
    await bench.write('a.ndjson', [
      { ...call, traits: { ...call.traits, ...more } },
      { ...event, properties: { ...event.properties, ...more } },
    ])
    await bench.sync(full)
    const discarded = ['audience_entered foo OtherType text value', 'users foo OtherType text value']
    expect((await lost()).sort()).toEqual(discarded)
    const again = () => replay({ order: full, warehouse: bench.warehouse, tempDir: bench.root, holder: 'test' })

    for (const table of ['users', 'audience_entered'])
      await execute(`ALTER TABLE engage_default.${table} DROP COLUMN foo`)
    expect(await again()).toMatchObject({ resolved: 0, left: 2 })
    expect((await lost()).sort()).toEqual(discarded)

    for (const table of ['users', 'audience_entered']) await addTo(table, 'varchar')
    expect(await again()).toMatchObject({ resolved: 2, left: 0 })
    for (const table of ['users', 'audience_entered'])
      expect(await bench.rows(`engage_default.${table}`, 'foo')).toEqual([{ foo: 'text value' }])
  })

  test('what a full table lost is loaded once the limit is raised', async () => {
    const limited = (maxColumns: number) =>
      bench.compile({ ...MANIFESTS, destination: { schemaPolicy: { maxColumns } } })
    const more = Object.fromEntries(Array.from({ length: 30 }, (_, number) => [`t${number}`, number]))
    for (const table of ['users', 'identifies', 'audience_entered']) await addTo(table, 'date')
    const [call, event] = [identify(1, 'text value'), entered(1, 'text value')]
    await bench.write('a.ndjson', [
      { ...call, traits: { ...call.traits, ...more } },
      { ...event, properties: { ...event.properties, ...more } },
    ])
    await bench.sync(limited(20))
    expect(await lost()).toHaveLength(3)
    for (const table of ['users', 'identifies', 'audience_entered'])
      await execute(`ALTER TABLE engage_default.${table} DROP COLUMN foo`)
    const again = { order: limited(60), warehouse: bench.warehouse, tempDir: bench.root, holder: 'test' }
    expect(await replay(again)).toMatchObject({ resolved: 3, left: 0 })
    for (const table of ['users', 'identifies', 'audience_entered'])
      expect(await bench.rows(`engage_default.${table}`, 'foo')).toEqual([{ foo: 'text value' }])
  })
})
