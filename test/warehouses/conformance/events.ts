import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { LogicalType, Table } from '../../../src/model/table.ts'
import type { EventsMerge } from '../../../src/warehouses/port.ts'
import { casesOf, type Row, type Suite, typed, Workbench } from './workbench.ts'

const COLUMNS = {
  id: 'String',
  received_at: 'Timestamp',
  a: 'String',
  n: 'Integer',
  j: 'Json',
  s: 'String',
  t: 'String',
} as const
const STAGE: Record<string, LogicalType> = { ...COLUMNS, meant: 'Boolean' }
const LOADED = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'] as const

const at = (second: number): string => `2026-01-01T00:00:0${second}Z`
const version = (row: Row): string[] =>
  [row.received_at, row.a, row.j, row.n, row.s, row.t].map((value) =>
    value === null || value === undefined ? '' : `=${value}`,
  )

function isNewer(a: Row, b: Row): boolean {
  const [left, right] = [version(a), version(b)]
  const differs = left.findIndex((value, index) => value !== right[index])
  return differs >= 0 && Buffer.from(left[differs] ?? '').compare(Buffer.from(right[differs] ?? '')) > 0
}

/** What the table must hold after a batch, and how many rows were written. */
function mergeInto(table: Map<string, Row>, batch: readonly Row[]): number {
  const before = new Map(table)
  for (const row of batch) {
    const stored = table.get(row.id ?? '')
    if (stored === undefined || isNewer(row, stored)) table.set(row.id ?? '', row)
  }
  return [...table].filter(([id, row]) => before.get(id) !== row).length
}

export function describeEvents(suite: Suite): void {
  const it = casesOf(suite)
  describe('mergeEvents', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    const newTable = () => bench.newTable({ ...COLUMNS, uuid_ts: 'Timestamp' }, ['id'])
    const merge = async (
      target: Table,
      rows: readonly Row[],
      options: Partial<Pick<EventsMerge, 'only' | 'within' | 'loadedAt'>> = {},
    ) => {
      const stage = await bench.stage(STAGE, rows)
      const { loadedAt = LOADED[0], ...others } = options
      const columns = typed(COLUMNS)
      const count = await bench.run(bench.dialect.mergeEvents({ target, stage, columns, loadedAt, ...others }))
      await bench.session.dropStage(stage)
      return count
    }
    const event = (id: string, second: number, a: string | null): Row => ({ id, received_at: at(second), a })

    it('lets a newer version replace an older one, never the other way, and writes nothing twice', async () => {
      const table = await newTable()
      expect(await merge(table, [event('x', 2, 'first'), event('y', 2, 'other')])).toBe(2)
      expect(await merge(table, [event('x', 1, 'late'), event('y', 2, 'other')], { loadedAt: LOADED[1] })).toBe(0)
      expect(await merge(table, [event('x', 3, null)], { loadedAt: LOADED[1] })).toBe(1)
      expect(await bench.rows(table, ['id', 'received_at', 'a', 'uuid_ts'])).toEqual([
        { id: 'x', received_at: at(3), a: null, uuid_ts: LOADED[1] },
        { id: 'y', received_at: at(2), a: 'other', uuid_ts: LOADED[0] },
      ])
    })

    it('keeps one of the versions that one stage has of an id', async () => {
      const table = await newTable()
      const rows = [event('x', 1, 'b'), event('x', 1, 'a'), event('x', 1, null), event('x', 1, ''), event('x', 1, 'b')]
      expect(await merge(table, rows)).toBe(1)
      expect(await bench.rows(table, ['id', 'a'])).toEqual([{ id: 'x', a: 'b' }])
    })

    it('takes only the rows that are meant', async () => {
      const table = await newTable()
      const rows = [
        { ...event('x', 1, 'a'), meant: 'true' },
        { ...event('x', 2, 'b'), meant: 'false' },
        { ...event('y', 1, 'c'), meant: null },
      ]
      expect(await merge(table, rows, { only: 'meant' })).toBe(1)
      expect(await bench.rows(table, ['id', 'a'])).toEqual([{ id: 'x', a: 'a' }])
    })

    it('finds what is within the bounds, both ends included; outside of them it need not look', async () => {
      const table = await newTable()
      await merge(table, [event('x', 1, 'first'), event('y', 3, 'first'), event('z', 5, 'first')])
      const within = { from: at(1), to: at(3) }
      const rows = [event('x', 2, 'second'), event('y', 2, 'second'), event('z', 2, 'second')]
      const written = await merge(table, rows, { within })
      const found = (await bench.rows(table, ['id', 'a'])).map(({ id, a }) => `${id} ${a}`)
      if (bench.warehouse.capabilities.prunesByTime) {
        expect([written, found]).toEqual([2, ['x second', 'y first', 'z first', 'z second']])
      } else expect([written, found]).toEqual([1, ['x second', 'y first', 'z first']])
    })

    it('gives the same table however the calls are split and ordered', async () => {
      const row = fc.record({
        id: fc.constantFrom('a', 'b', 'c', 'Ä'),
        received_at: fc.constantFrom(at(1), at(2)),
        a: fc.option(fc.constantFrom('', 'x', 'X', 'é', 'z', '10', '9')),
        n: fc.option(fc.constantFrom('1', '10', '9', '-1')),
        j: fc.option(fc.constantFrom('"x"', '1')),
        s: fc.option(fc.constantFrom('x')),
        t: fc.option(fc.constantFrom('x', 'y')),
      })
      const batches = fc.array(fc.array(row, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 4 })
      await fc.assert(
        fc.asyncProperty(batches, async (calls) => {
          const table = await newTable()
          const expected = new Map<string, Row>()
          for (const batch of calls) expect(await merge(table, batch)).toBe(mergeInto(expected, batch))
          const whole = new Map<string, Row>()
          mergeInto(whole, calls.flat().reverse())
          expect(whole).toEqual(expected)
          const found = await bench.rows(table, Object.keys(COLUMNS))
          expect(new Map(found.map((entry) => [entry.id, entry]))).toEqual(expected)
        }),
        { numRuns: bench.runs(25) },
      )
    })
  })
}
