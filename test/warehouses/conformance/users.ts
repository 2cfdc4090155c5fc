import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { LogicalType, TableName } from '../../../src/model/table.ts'
import { tableOf } from '../../../src/plan/standard-tables.ts'
import { casesOf, columnsOf, type Row, type Suite, typed, Workbench } from './workbench.ts'

/** Some with the names that SQL likes to give to tables. */
const TRAITS: Record<string, LogicalType> = {
  a: 'Integer',
  b: 'String',
  c: 'Boolean',
  rank: 'Json',
  s: 'String',
  t: 'String',
  u: 'Integer',
  excluded: 'String',
}
const STAGE: Record<string, LogicalType> = {
  user_id: 'String',
  trait_set: 'String',
  received_at: 'Timestamp',
  timestamp: 'Timestamp',
  id: 'String',
  ...TRAITS,
}
/** Told so that warehouses which merge in portions do. */
const MANY_ROWS = 250_000
const LOADED = ['2026-03-01T00:00:00Z', '2026-03-02T00:00:00Z'] as const

const at = (second: number): string => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z`

interface Call {
  id: string
  userId: string | null
  receivedAt: string
  timestamp: string | null
  traits: Record<string, string>
}

const setOf = (call: Call): string => Object.keys(call.traits).sort().join(' ')
const isMeant = (call: Call): boolean => call.userId !== null
const clock = (call: Call): string => `${call.receivedAt} ${call.timestamp ?? ''} ${call.id}`
const later = (a: Call, b: Call): number => (clock(a) < clock(b) ? -1 : 1)

/** The users table that calls make, whatever their order: each trait of the greatest clock. */
function usersOf(calls: readonly Call[]): Map<string, Row> {
  const users = new Map<string, Row>()
  for (const call of calls.filter(isMeant).sort(later)) {
    const row = users.get(call.userId ?? '') ?? Object.fromEntries(Object.keys(TRAITS).map((trait) => [trait, null]))
    users.set(call.userId ?? '', { ...row, ...call.traits, user_id: call.userId, received_at: call.receivedAt })
  }
  return users
}

/** The twin's rows: of each user the calls that give a value, or the newest where none does. */
function twinOf(calls: readonly Call[]): string[] {
  const ofUsers = Map.groupBy(calls.filter(isMeant).sort(later), ({ userId }) => userId)
  return [...ofUsers.values()]
    .flatMap((mine) => {
      const giving = mine.filter((call) =>
        Object.keys(call.traits).some((trait) => mine.findLast((one) => trait in one.traits) === call),
      )
      return giving.length > 0 ? giving : mine.slice(-1)
    })
    .map((call) => call.id)
    .sort()
}

export function describeUsers(suite: Suite): void {
  const it = casesOf(suite)
  describe('mergeUsers', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    const newTables = async () => {
      const schema = await bench.newSchema()
      const users = tableOf('Users', { schema, name: 'users' }, columnsOf(TRAITS))
      const twin = tableOf('UsersTwin', { schema, name: 'twin' }, columnsOf(TRAITS))
      await bench.apply({ kind: 'CreateTable', table: users }, { kind: 'CreateTable', table: twin })
      return { users, twin }
    }
    const merge = async (
      tables: { users: TableName; twin: TableName },
      calls: readonly Call[],
      loadedAt: string = LOADED[0],
    ) => {
      const rows = calls.map((call) => ({
        id: call.id,
        user_id: call.userId,
        trait_set: isMeant(call) ? setOf(call) : null,
        received_at: call.receivedAt,
        timestamp: call.timestamp,
        ...call.traits,
      }))
      const stage = await bench.stage(STAGE, rows)
      const count = await bench.run(
        bench.dialect
          .mergeUsers({ ...tables, stage, traits: typed(TRAITS), kept: [], rows: MANY_ROWS, loadedAt })
          .flat(),
      )
      await bench.session.dropStage(stage)
      return count
    }
    const call = (id: string, second: number, traits: Record<string, string>): Call => ({
      id,
      userId: 'u1',
      receivedAt: at(second),
      timestamp: at(second),
      traits,
    })

    it('gives each trait its own clock', async () => {
      const tables = await newTables()
      await merge(tables, [call('1', 10, { a: '1' }), call('2', 20, { b: '2' })])
      expect(await merge(tables, [call('3', 15, { a: '3' })], LOADED[1])).toBe(1)
      expect(await bench.rows(tables.users, ['id', 'user_id', 'received_at', 'uuid_ts', 'a', 'b', 'c'])).toEqual([
        { id: 'u1', user_id: 'u1', received_at: at(20), uuid_ts: LOADED[1], a: '3', b: '2', c: null },
      ])
    })

    it('writes no row that does not change', async () => {
      const tables = await newTables()
      expect(await merge(tables, [call('2', 20, { a: '2', b: 'x' })])).toBe(1)
      expect(await merge(tables, [call('1', 10, { a: '1' }), call('2', 20, { a: '2', b: 'x' })], LOADED[1])).toBe(0)
      expect(await bench.rows(tables.users, ['a', 'b', 'uuid_ts'])).toEqual([{ a: '2', b: 'x', uuid_ts: LOADED[0] }])
      expect(await bench.rows(tables.twin, ['id'])).toEqual([{ id: '2' }])
    })

    it('never takes received_at back, also after a call without traits', async () => {
      const tables = await newTables()
      await merge(tables, [call('1', 10, { a: '1' })])
      expect(await merge(tables, [call('2', 30, {})])).toBe(1)
      expect(await merge(tables, [call('3', 20, { b: 'x' })])).toBe(1)
      expect(await merge(tables, [call('3', 20, { b: 'x' })])).toBe(0)
      expect(await bench.rows(tables.users, ['received_at', 'a', 'b'])).toEqual([
        { received_at: at(30), a: '1', b: 'x' },
      ])
      expect((await bench.rows(tables.twin, ['id'])).map(({ id }) => id)).toEqual(['1', '3'])
    })

    it('keeps values that no call gives: of another writer, or of a table that was taken over', async () => {
      const tables = await newTables()
      await bench.session.execute(
        `INSERT INTO ${bench.dialect.table(tables.users)} (${['id', 'user_id', 'c'].map(bench.dialect.quote).join(', ')}) VALUES ('u1', 'u1', true)`,
      )
      await merge(tables, [call('1', 10, { a: '1' })])
      expect(await bench.rows(tables.users, ['a', 'b', 'c'])).toEqual([{ a: '1', b: null, c: 'true' }])
    })

    it('keeps what users do not take for the time when they do', async () => {
      const tables = await newTables()
      await merge(tables, [call('1', 10, { b: 'x' }), call('2', 11, { c: 'true' })])
      const { b: _, ...traits } = TRAITS
      const stage = await bench.stage(STAGE, [
        { id: '3', user_id: 'u1', trait_set: 'c', received_at: at(20), c: 'false' },
        { id: '4', user_id: 'u1', trait_set: 'a c', received_at: at(30), a: '1', c: 'true' },
      ])
      const now = { ...tables, stage, traits: typed(traits), kept: ['b'], rows: 2, loadedAt: LOADED[0] }
      await bench.run(bench.dialect.mergeUsers(now).flat())
      await bench.session.dropStage(stage)
      const twin = await bench.rows(tables.twin, ['id', 'b'])
      expect(twin.sort((x, y) => Number(x.id) - Number(y.id))).toEqual([
        { id: '1', b: 'x' },
        { id: '4', b: null },
      ])
      expect(await bench.rows(tables.users, ['a', 'b', 'c'])).toEqual([{ a: '1', b: 'x', c: 'true' }])
    })

    it('takes a stage without any trait', async () => {
      const tables = await newTables()
      const stage = await bench.stage(STAGE, [{ id: '1', user_id: 'u1', received_at: at(1) }])
      expect(
        await bench.run(
          bench.dialect.mergeUsers({ ...tables, stage, traits: [], kept: [], rows: 1, loadedAt: LOADED[0] }).flat(),
        ),
      ).toBe(0)
    })

    it('gives the same users whatever the order and the batches', async () => {
      const traits = fc.record(
        {
          a: fc.constantFrom('1', '2'),
          b: fc.constantFrom('', 'x'),
          c: fc.constantFrom('true', 'false'),
          rank: fc.constantFrom('1', '"x"'),
          s: fc.constantFrom('s1', 's2'),
          t: fc.constantFrom('t1', 't2'),
          u: fc.constantFrom('1', '2'),
          excluded: fc.constantFrom('e1', 'e2'),
        },
        { requiredKeys: [] },
      )
      const calls = fc.array(
        fc.record({
          userId: fc.constantFrom('u1', 'u2', 'Ü', null),
          receivedAt: fc.constantFrom(at(1), at(2), at(3)),
          timestamp: fc.constantFrom(at(1), at(2), null),
          traits: fc.oneof({ arbitrary: traits, weight: 3 }, { arbitrary: fc.constant({}), weight: 1 }),
        }),
        { minLength: 1, maxLength: 15 },
      )
      await fc.assert(
        fc.asyncProperty(calls, fc.integer({ min: 1, max: 6 }), async (drawn, batch) => {
          const tables = await newTables()
          const all: Call[] = drawn.map((one, number) => ({ ...one, id: `${'zaZ'[number % 3]}${number}` }))
          for (let from = 0; from < all.length; from += batch) {
            const [before, after] = [usersOf(all.slice(0, from)), usersOf(all.slice(0, from + batch))]
            const changed = [...after].filter(([id, row]) => JSON.stringify(before.get(id)) !== JSON.stringify(row))
            expect(await merge(tables, all.slice(from, from + batch))).toBe(changed.length)
          }
          const users = await bench.rows(tables.users, ['user_id', 'received_at', ...Object.keys(TRAITS)])
          expect(new Map(users.map((row) => [row.user_id, row]))).toEqual(usersOf(all))
          expect((await bench.rows(tables.twin, ['id'])).map((row) => row.id ?? '').sort()).toEqual(twinOf(all))
        }),
        { numRuns: bench.runs(40) },
      )
    })
  })
}
