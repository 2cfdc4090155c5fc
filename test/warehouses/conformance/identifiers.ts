import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import { columnIdentifier } from '../../../src/engage/identifiers.ts'
import type { Column } from '../../../src/model/table.ts'
import { insertRows } from '../../../src/sync/ledger.ts'
import { casesOf, type Suite, Workbench } from './workbench.ts'

/** Names that are something else in SQL, or in the languages around it. */
export const NASTY = [
  'select',
  'order',
  'user',
  'table',
  '"',
  '""',
  "'",
  '\\',
  'a"; DROP TABLE x; --',
  'a.b',
  ' ',
  '\n',
  '🚀',
  '日本',
  '$1',
  '{0}',
  '%s',
]

export function describeIdentifiers(suite: Suite): void {
  const it = casesOf(suite)
  describe('identifiers and literals', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    const cut = (name: string): string => {
      let text = name.toWellFormed().replaceAll('\0', '')
      while (Buffer.byteLength(text) > bench.dialect.identifiers.maxBytes) text = [...text].slice(0, -1).join('')
      return text
    }

    /** How a name comes back: in lower case, where upper case is what the warehouse writes. */
    const seen = (name: string): string =>
      bench.dialect.quote('a') === bench.dialect.quote('A')
        ? name.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
        : name

    /** A name for a schema or a table. */
    const named = (word: string): string => (bench.names.objects.test(word) ? word : 'other')

    it('makes schema, table and column of any name, and loads into them', async () => {
      const { columns } = bench.names
      const nasty = NASTY.filter((word) => columns?.test(word) ?? true)
      const any = columns
        ? fc.stringMatching(columns, { maxLength: 80 })
        : fc.string({ unit: 'binary', minLength: 1, maxLength: 80 })
      const name = fc.oneof(fc.constantFrom(...nasty), any)
      await fc.assert(
        fc.asyncProperty(name, async (drawn) => {
          const word = cut(drawn)
          fc.pre(word !== '' && word.toLowerCase() !== 'id')
          const schema = cut(`s${named(word)}`)
          const column = { name: word, type: 'String', origin: 'Inferred', source: `${word}'` } as const
          const id = { name: 'id', type: 'String', origin: 'Standard' } as const
          const table = { schema, name: named(word), key: ['id'], columns: [id, column] }
          await bench.apply({ kind: 'CreateSchema', schema }, { kind: 'CreateTable', table })
          try {
            const { tables } = await bench.session.observe([schema])
            expect(tables.map((found) => [found.schema, found.name, found.columns[1]?.name])).toEqual([
              [schema, named(word), word].map(seen),
            ])
            await bench.insert(table, [{ id: 'x', [word]: word }])
            expect(await bench.rows(table, ['id', word])).toEqual([{ id: 'x', [seen(word)]: word }])
          } finally {
            await bench.session.execute(`DROP SCHEMA ${bench.dialect.quote(schema)} CASCADE`)
          }
        }),
        { numRuns: bench.runs(60), examples: nasty.map((word) => [word] as [string]) },
      )
    })

    it('takes a name of the longest length as it is', async () => {
      const name = 'n'.repeat(bench.dialect.identifiers.maxBytes)
      const table = await bench.newTable({ [name]: 'String' })
      const { tables } = await bench.session.observe([table.schema])
      expect(tables[0]?.columns[0]?.name).toBe(name)
    })

    it('has columns for properties that are called as columns of databases are', async () => {
      const sources = ['oid', 'tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid', 'rowid', 'current_date', 'constraint']
      const names = sources.map((source) => columnIdentifier(source, bench.dialect.identifiers))
      const table = await bench.newTable({ id: 'String' })
      for (const name of names) {
        const column: Column = { name, type: 'String', origin: 'Inferred' }
        await bench.apply({ kind: 'AddColumn', table, column })
      }
      const { tables } = await bench.session.observe([table.schema])
      expect(tables[0]?.columns.map((column) => column.name)).toEqual(['id', ...names])
    })

    it('gives any literal back', async () => {
      const text = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: 'binary' }))
      await fc.assert(
        fc.asyncProperty(text, async (drawn) => {
          const value = bench.warehouse.capabilities.rejectsNul ? drawn.replaceAll('\0', '') : drawn
          const wellFormed = value.toWellFormed()
          const [row] = await bench.session.query(`SELECT ${bench.dialect.literal(wellFormed, 'String')} AS v`)
          expect(row?.v).toBe(wellFormed)
        }),
        { numRuns: bench.runs(100) },
      )
    })

    it('has literals of every type', async () => {
      const { literal } = bench.dialect
      const [row] = await bench.session.query(
        `SELECT ${literal('true', 'Boolean')} AS b, ${literal('9007199254740993', 'Integer')} AS i, ` +
          `${literal('2026-01-02T03:04:05Z', 'Timestamp')} AS t, ${literal(null, 'Json')} AS n, ${literal('[1]', 'Json')} AS j`,
      )
      expect(row).toEqual({ b: 'true', i: '9007199254740993', t: '2026-01-02T03:04:05Z', n: null, j: '[1]' })
    })

    it('takes rows of literals as the ledger has them', async () => {
      const table = await bench.newTable({ s: 'String', b: 'Boolean', i: 'Integer', t: 'Timestamp', j: 'Json' })
      const full = { s: "it's", b: 'true', i: '9007199254740993', t: '2026-01-02T03:04:05Z', j: '["\\\\", "it\'s"]' }
      const rows = [full, { s: 'x', j: '[1]' }, { s: 'y' }]
      for (const sql of insertRows(bench.dialect, table, rows)) await bench.session.execute(sql)
      for (const sql of insertRows(bench.dialect, table, [{ s: 'z' }])) await bench.session.execute(sql)
      const none = { b: null, i: null, t: null, j: null }
      const { quote } = bench.dialect
      const found = await bench.session.query(`SELECT * FROM ${bench.dialect.table(table)} ORDER BY ${quote('s')}`)
      expect(found.map((row) => ({ ...row, j: row.j == null ? null : JSON.parse(row.j) }))).toEqual([
        { ...full, j: ['\\', "it's"] },
        { ...none, s: 'x', j: [1] },
        { ...none, s: 'y' },
        { ...none, s: 'z' },
      ])
    })
  })
}
