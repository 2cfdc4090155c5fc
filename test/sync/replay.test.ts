import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { replay } from '../../src/sync/replay.ts'
import { notApplicable } from '../warehouses/not-applicable.ts'
import { type Manifests, type SyncBench, WAREHOUSES } from './harness.ts'

const manifests = (widenTypes: 'Allow' | 'Forbid'): Manifests => ({
  space: { audiences: [{ key: 'shopper' }] },
  activations: { shopper: { computation: { audience: 'shopper' }, classic: {} } },
  destination: { schemaPolicy: { widenTypes } },
})
const entered = (id: string, size: unknown) => ({
  type: 'track',
  event: 'Audience Entered',
  messageId: id,
  userId: 'u1',
  receivedAt: '2026-01-01T00:00:00Z',
  properties: { audience_key: 'shopper', shopper: true, size },
})
const identified = (id: string, size: unknown) => ({
  type: 'identify',
  messageId: id,
  userId: 'u1',
  receivedAt: `2026-01-0${id.at(-1)}T00:00:00Z`,
  traits: { shopper: true, size },
})

/** Two of them are more of a call than discards keep. */
const FILLER = 'y'.repeat(35_000)

describe.each(WAREHOUSES)('discards are loaded again, on $name', ({ open }) => {
  let bench: SyncBench
  beforeEach(async () => {
    bench = await open()
    const order = await bench.prepare(manifests('Forbid'))
    await bench.write('calls.ndjson', [
      entered('e1', 1),
      entered('e2', 'large'),
      identified('i1', 1),
      identified('i2', 'small'),
    ])
    expect(await bench.sync(order)).toMatchObject({ status: 'Partial' })
    expect(await discards()).toBe(2)
  })
  afterEach(() => bench.remove())

  const widens = () => bench.warehouse.dialect.canWiden('Integer', 'String')

  test('those that do not fit since the warehouse cannot widen wait until the column makes room', async ({
    task,
    skip,
  }) => {
    notApplicable({ task, skip }, widens(), 'the warehouse widens')
    expect(await again('Allow')).toMatchObject({ status: 'Partial', resolved: 0, left: 2 })
    for (const schema of ['engage_default', 'engageops'])
      for (const name of Object.keys(await bench.tables(schema)))
        if (['audience_entered', 'identifies', 'users', 'users_of_engage_default'].includes(name))
          await bench.change({ kind: 'RenameColumn', table: { schema, name }, from: 'size', to: 'size_number' })
    expect(await again('Allow')).toMatchObject({ status: 'Success', resolved: 2, left: 0 })
    expect(await bench.rows('engage_default.audience_entered', 'id', 'size', 'size_number')).toEqual([
      { id: 'e1', size_number: '1' },
      { id: 'e2', size: 'large' },
    ])
    expect(await bench.rows('engage_default.users', 'id', 'size', 'size_number')).toEqual([
      { id: 'u1', size: 'small', size_number: '1' },
    ])
    expect(await discards()).toBe(0)
  })

  test('those that fit after a fix land in their rows, and are discards no more', async ({ task, skip }) => {
    notApplicable({ task, skip }, !widens(), 'the warehouse does not widen')
    const report = await again('Allow')
    expect(report).toMatchObject({ status: 'Success', resolved: 2, left: 0 })
    expect(await bench.rows('engage_default.audience_entered', 'id', 'size')).toEqual([
      { id: 'e1', size: '1' },
      { id: 'e2', size: 'large' },
    ])
    expect(await bench.rows('engage_default.identifies', 'id', 'size')).toEqual([
      { id: 'i1', size: '1' },
      { id: 'i2', size: 'small' },
    ])
    expect(await bench.rows('engage_default.users', 'id', 'size')).toEqual([{ id: 'u1', size: 'small' }])
    expect(await discards()).toBe(0)
    expect(await again('Allow')).toMatchObject({ status: 'Success', resolved: 0, left: 0, rows: 0 })
  })

  test('those that still do not fit stay as they were, once', async () => {
    expect(await again('Forbid')).toMatchObject({ resolved: 0, left: 2 })
    expect(await discards()).toBe(2)
  })

  test('a call is read once, and each of its values counted once, however many were lost', async () => {
    const spare = (id: string, a: unknown) => ({ ...identified(id, 1), traits: { shopper: true, a, b: a, c: a } })
    await bench.write('more.ndjson', [spare('i3', 1), spare('i4', 'many')])
    const lost = 2 + 3
    await bench.sync(bench.compile(manifests('Forbid')))
    expect(await discards()).toBe(lost)
    const report = await again('Forbid')
    expect(report).toMatchObject({ calls: 3, resolved: 0, left: lost })
    const counts = report.collections.map(({ collection, discards }) => [collection, discards])
    expect(Object.fromEntries(counts)).toEqual({ identifies: 4, audience_entered: 1, users: 0 })
    expect(report.notices.map(({ message, count }) => [message.replace(/: the.*/, ''), count]).sort()).toEqual([
      ['audience_entered: size', 1],
      ['identifies: a', 1],
      ['identifies: b', 1],
      ['identifies: c', 1],
      ['identifies: size', 1],
    ])
    const [run] = await bench.query(
      `SELECT discard_count FROM engageops.runs WHERE collection = '*' AND run_id = '${report.runId}'`,
    )
    expect(run?.discard_count).toBe(`${lost}`)
  })

  test('a call of which only a part was kept stays', async () => {
    await bench.write('long.ndjson', [{ ...entered('e3', 'x'), context: { some: FILLER, more: FILLER } }])
    await bench.sync(bench.compile(manifests('Forbid')))
    const left = widens() ? 1 : 3
    expect(await again('Allow')).toMatchObject({ resolved: 3 - left, left })
    expect(await discards()).toBe(left)
  })

  const again = (widenTypes: 'Allow' | 'Forbid') =>
    replay({
      order: bench.compile(manifests(widenTypes)),
      warehouse: bench.warehouse,
      tempDir: bench.root,
      holder: 'test',
    })

  async function discards(): Promise<number> {
    return (await bench.query('SELECT position FROM engageops.discards')).length
  }
})
