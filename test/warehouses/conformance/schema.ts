import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { numberText } from '../../../src/engage/decimal.ts'
import { LOGICAL_TYPES, type LogicalType, type Table } from '../../../src/model/table.ts'
import type { Change } from '../../../src/plan/change.ts'
import { casesOf, columnsOf, type Suite, Workbench } from './workbench.ts'

const EVERY_TYPE = Object.fromEntries(LOGICAL_TYPES.map((type) => [`a_${type.toLowerCase()}`, type]))

/** Values of a type as stage files have them, and the text that each must become when the column widens to String. */
const TEXTS: Record<LogicalType, Record<string, string>> = {
  Boolean: { true: 'true', false: 'false' },
  Integer: { '9223372036854775807': '9223372036854775807', '-9223372036854775808': '-9223372036854775808', '0': '0' },
  Float: {
    '1': '1',
    '1.50': '1.5',
    '-0.1': '-0.1',
    '0.00001': '0.00001',
    '100000000000000000000': '100000000000000000000',
  },
  Decimal: {
    '10': '10',
    '1.500': '1.5',
    '-12345678901234567890.123456789012345678': '-12345678901234567890.123456789012345678',
  },
  String: { x: 'x' },
  Timestamp: {
    '2026-01-02T03:04:05Z': '2026-01-02T03:04:05Z',
    '2026-01-02T03:04:05.123456Z': '2026-01-02T03:04:05.123456Z',
  },
  Json: { '"x"': '"x"' },
}

export function describeSchema(suite: Suite): void {
  const it = casesOf(suite)
  describe('tables', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    const observed = async (schema: string) => (await bench.session.observe([schema])).tables

    it('tells every type back that it made, and can make the table again', async () => {
      const table = await bench.newTable(EVERY_TYPE, ['a_string'])
      await bench.apply({ kind: 'CreateSchema', schema: table.schema }, { kind: 'CreateTable', table })
      const [seen] = await observed(table.schema)
      expect(seen).toMatchObject({ schema: table.schema, name: 'things', kind: 'Table' })
      expect(seen?.columns.map(({ name, type }) => [name, type && bench.dialect.sqlType(type)])).toEqual(
        Object.entries(EVERY_TYPE).map(([name, type]) => [name, bench.dialect.sqlType(type)]),
      )
    })

    it('may be made by several sessions at once', async ({ skip }) => {
      skip(bench.warehouse.capabilities.localOnly, 'one process has the warehouse, and makes one thing after another')
      const table: Table = { schema: bench.nameSchema(), name: 'things', key: [], columns: columnsOf(EVERY_TYPE) }
      const changes: Change[] = [
        { kind: 'CreateSchema', schema: table.schema },
        { kind: 'CreateTable', table },
      ]
      const sessions = await Promise.all(Array.from({ length: 4 }, () => bench.warehouse.connect()))
      try {
        await Promise.all(sessions.map((session) => bench.applyIn(session, changes)))
      } finally {
        for (const session of sessions) await session.close()
      }
      expect((await observed(table.schema)).map(({ columns }) => columns.length)).toEqual([table.columns.length])
    })

    it('observes schemas that are empty, leaves out those that do not exist, and tells views from tables', async () => {
      const table = await bench.newTable({ id: 'String' })
      const empty = await bench.newSchema()
      const { quote } = bench.dialect
      const view = bench.dialect.table({ schema: table.schema, name: 'v' })
      await bench.session.execute(`CREATE VIEW ${view} AS SELECT ${quote('id')} FROM ${bench.dialect.table(table)}`)
      const { schemas, tables } = await bench.session.observe([table.schema, empty, 'no_such_schema'])
      expect(schemas.sort()).toEqual([table.schema, empty].sort())
      expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
        ['things', 'Table'],
        ['v', 'View'],
      ])
    })

    it('adds, renames and drops columns', async () => {
      const table = await bench.newTable({ id: 'String' })
      await bench.insert(table, [{ id: 'a' }])
      const plan = { name: 'plan', type: 'String', origin: 'Inferred', source: "it's a \\ Plan\n" } as const
      for (let times = 0; times < 2; times += 1) await bench.apply({ kind: 'AddColumn', table, column: plan })
      const { quote } = bench.dialect
      await bench.session.execute(`UPDATE ${bench.dialect.table(table)} SET ${quote('plan')} = 'pro' WHERE 1 = 1`)
      await bench.apply({ kind: 'RenameColumn', table, from: 'plan', to: 'tier' })
      expect(await bench.rows(table, ['id', 'tier'])).toEqual([{ id: 'a', tier: 'pro' }])
      for (let times = 0; times < 2; times += 1) await bench.apply({ kind: 'DropColumn', table, column: 'tier' })
      expect((await observed(table.schema))[0]?.columns.map(({ name }) => name)).toEqual(['id'])
      for (let times = 0; times < 2; times += 1) await bench.apply({ kind: 'DropTable', table })
      expect(await observed(table.schema)).toEqual([])
    })

    it('adds columns together, also where some of them are there', async () => {
      const table = await bench.newTable({ id: 'String' })
      const added = LOGICAL_TYPES.map((type): Change => {
        const name = `a_${type.toLowerCase()}`
        return { kind: 'AddColumn', table, column: { name, type, origin: 'Inferred', source: `\`, (${name}'s \\` } }
      })
      await bench.apply(...added.slice(2, 4))
      for (let times = 0; times < 2; times += 1) await bench.apply(...added)
      const [found] = await observed(table.schema)
      const types = Object.fromEntries(found?.columns.map(({ name, type }) => [name, type]) ?? [])
      expect(Object.keys(types).toSorted()).toEqual(['id', ...Object.keys(EVERY_TYPE)].toSorted())
      const { sqlType } = bench.dialect
      for (const [name, type] of Object.entries(EVERY_TYPE)) {
        expect(types[name] && sqlType(types[name])).toBe(sqlType(type))
      }
    })

    const pairs = LOGICAL_TYPES.flatMap((from) => LOGICAL_TYPES.map((to) => [from, to] as const))
    for (const [from, to] of pairs) {
      it(`widens ${from} to ${to} where it says so, keeping the values`, async () => {
        const { canWiden } = bench.dialect
        // Everything becomes text, or nothing does.
        if (!canWiden(from, to))
          return expect(from === to || to !== 'String' || !canWiden('Integer', 'String')).toBe(true)
        const values = Object.entries(TEXTS[from])
        const table = await bench.newTable({ n: 'Integer', v: from })
        await bench.insert(
          table,
          values.map(([v], n) => ({ n: String(n), v })),
        )
        await bench.apply({ kind: 'WidenColumn', table, column: 'v', from, to })
        const [seen] = await observed(table.schema)
        expect(seen?.columns[1]?.sqlType.toLowerCase()).toBe(bench.dialect.sqlType(to).toLowerCase())
        if (to !== 'String') return
        expect((await bench.rows(table, ['n', 'v'])).map((row) => row.v)).toEqual(values.map(([, text]) => text))
      })
    }

    it('widens many columns of a table and writes to it in one transaction', async ({ skip }) => {
      skip(!bench.warehouse.capabilities.transactionalDdl, 'the warehouse has no DDL in transactions')
      skip(!bench.dialect.canWiden('Float', 'String'), 'the warehouse does not widen')
      const table = await bench.newTable({ a: 'Float', b: 'Integer', c: 'Boolean' })
      await bench.insert(table, [{ a: '1', b: '2', c: 'true' }])
      await bench.session.transaction(async () => {
        await bench.apply(
          { kind: 'WidenColumn', table, column: 'a', from: 'Float', to: 'String' },
          { kind: 'AddColumn', table, column: { name: 'd', type: 'String', origin: 'Inferred' } },
          { kind: 'WidenColumn', table, column: 'b', from: 'Integer', to: 'Float' },
          { kind: 'WidenColumn', table, column: 'c', from: 'Boolean', to: 'String' },
        )
        await bench.session.execute(`UPDATE ${bench.dialect.table(table)} SET a = 'x', d = 'y'`)
        await bench.session.execute(`INSERT INTO ${bench.dialect.table(table)} (a, d) VALUES ('z', 'z')`)
      })
      expect(await bench.rows(table, ['a', 'c', 'd'])).toEqual([
        { a: 'x', c: 'true', d: 'y' },
        { a: 'z', c: null, d: 'z' },
      ])
    })

    it('widens numbers to the text that a call with them gives', async ({ skip }) => {
      skip(!bench.dialect.canWiden('Float', 'String'), 'the warehouse does not widen')
      const number = fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.integer(),
        fc.constantFrom(0, 1e16, 5e-5, -1.5e-6, 9e20, 1e21, 1e-7, 5e-324, -Number.MAX_VALUE),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(number, { minLength: 50, maxLength: 100 }), async (numbers) => {
          const table = await bench.newTable({ n: 'Integer', v: 'Float' })
          await bench.insert(
            table,
            numbers.map((v, n) => ({ n: String(n), v: numberText(v) })),
          )
          await bench.apply({ kind: 'WidenColumn', table, column: 'v', from: 'Float', to: 'String' })
          expect((await bench.rows(table, ['n', 'v'])).map((row) => row.v)).toEqual(numbers.map(numberText))
        }),
        { numRuns: bench.runs(10) },
      )
    })

    it('refuses to widen nothing in silence: the column must be there', async () => {
      const table = { schema: await bench.newSchema(), name: 'things', key: [], columns: columnsOf({ a: 'String' }) }
      await expect(
        bench.apply({ kind: 'AddColumn', table, column: { name: 'b', type: 'String', origin: 'Inferred' } }),
      ).rejects.toMatchObject({ name: 'EngageError', reason: 'WarehouseError' })
    })
  })
}
