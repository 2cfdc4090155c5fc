import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { LogicalType } from '../../../src/model/table.ts'
import { casesOf, type Suite, Workbench } from './workbench.ts'

const TEXTS = [
  'plain',
  '',
  ' ',
  'a "quoted" one',
  'two\nlines',
  'carriage\r\nreturn\r',
  'a,b',
  '\\N',
  '\\.',
  '\\',
  '\t',
  'NULL',
  'null',
  "it's",
  'ünïcödé 日本語 🚀 \u200d',
  '00123',
]

export function describeLoad(suite: Suite): void {
  const it = casesOf(suite)
  describe('stage', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    const roundTrip = async (type: LogicalType, values: readonly (string | null)[]) => {
      const { quote } = bench.dialect
      const rows = values.map((v, n) => ({ n: String(n), v }))
      const stage = await bench.stage({ n: 'Integer', v: type }, rows)
      const found = await bench.session.query(`SELECT ${quote('v')} FROM ${stage} ORDER BY ${quote('n')}`)
      await bench.session.dropStage(stage)
      return found.map((row) => row.v)
    }

    it('keeps texts as they are, and tells NULL from the empty string', async () => {
      expect(await roundTrip('String', [...TEXTS, null])).toEqual([...TEXTS, null])
    })

    it('keeps any text', async () => {
      const text = fc.string({ unit: 'binary' }).map((value) => value.toWellFormed().replaceAll('\0', ''))
      await fc.assert(
        fc.asyncProperty(fc.array(fc.option(text), { minLength: 1, maxLength: 50 }), async (values) => {
          expect(await roundTrip('String', values)).toEqual(values)
        }),
        { numRuns: bench.runs(20) },
      )
    })

    it('keeps the limits of every type', async () => {
      const integers = ['9223372036854775807', '-9223372036854775808', '9007199254740993', '0', null]
      expect(await roundTrip('Integer', integers)).toEqual(integers)
      expect(await roundTrip('Boolean', ['true', 'false', null])).toEqual(['true', 'false', null])
      const [decimal] = await roundTrip('Decimal', ['1234567890123.123456789012'])
      expect(decimal?.replace(/0+$/, '')).toBe('1234567890123.123456789012')
      const times = [
        '2026-01-02T03:04:05Z',
        '2026-01-02T03:04:05.123456Z',
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999999Z',
      ]
      expect(await roundTrip('Timestamp', times)).toEqual(times)
      const json = ['{"a":[1,2,{"b":"c\\"d"}]}', 'null', '"x"']
      expect((await roundTrip('Json', json)).map((value) => JSON.parse(value ?? ''))).toEqual(
        json.map((v) => JSON.parse(v)),
      )
      expect((await roundTrip('Float', ['0.1', '-2', '1e3'])).map(Number)).toEqual([0.1, -2, 1000])
    })

    it('loads a value of 16 MiB, or the longest, also when it is all quotes and line ends', async () => {
      const longest = bench.warehouse.capabilities.maxTextBytes ?? 16 << 20
      const values = ['x'.repeat(longest / 8), '"\n'.repeat(longest / 4), 'y'.repeat(longest)]
      const found = await roundTrip('String', values)
      expect(found.map((value, at) => value === values[at])).toEqual([true, true, true])
    })

    it('finds every row of a file that is read in pieces, with line ends and quotes in its values', async () => {
      const rows = Array.from({ length: 30_000 }, (_, n) => ({
        n: String(n),
        v: `${'line "one",\n'.repeat(n % 40)}${n}`,
        w: n % 3 === 0 ? null : '',
      }))
      const stage = await bench.stage({ n: 'Integer', v: 'String', w: 'String' }, rows)
      const [n, v, w] = ['n', 'v', 'w'].map(bench.dialect.quote)
      const [sum] = await bench.session.query(
        `SELECT ${['count(*) AS n', `count(DISTINCT ${n}) AS d`, `sum(length(${v})) AS chars`, `count(${w}) AS w`].join(', ')} FROM ${stage}`,
      )
      const chars = rows.reduce((total, row) => total + row.v.length, 0)
      expect(sum).toEqual({ n: '30000', d: '30000', chars: String(chars), w: '20000' })
      await bench.session.dropStage(stage)
    })

    it('takes parts of different columns, in any order, and empty ones', async () => {
      const { quote } = bench.dialect
      const parts = [
        await bench.part(['a'], [{ a: '1' }]),
        await bench.part(['b', 'a'], [{ a: '2', b: 'x' }]),
        await bench.part(['a', 'b'], []),
      ]
      const stage = await bench.session.stage({
        schema: bench.stageSchema,
        columns: [
          { name: 'a', type: 'Integer' },
          { name: 'b', type: 'String' },
        ],
        parts,
      })
      expect(
        await bench.session.query(`SELECT ${quote('a')}, ${quote('b')} FROM ${stage} ORDER BY ${quote('a')}`),
      ).toEqual([
        { a: '1', b: null },
        { a: '2', b: 'x' },
      ])
      await bench.session.dropStage(stage)
      await bench.session.dropStage(stage)
    })

    it('inserts only rows whose key is missing', async () => {
      const table = await bench.newTable({ k: 'String', v: 'String' }, ['k'])
      await bench.insert(table, [{ k: 'a', v: 'old' }])
      const stage = await bench.stage({ k: 'String', v: 'String' }, [
        { k: 'a', v: 'new' },
        { k: 'b', v: 'new' },
        { k: 'b', v: 'new' },
      ])
      const merge = () => bench.run(bench.dialect.insertMissing({ target: table, stage, columns: ['k', 'v'] }))
      expect([await merge(), await merge()]).toEqual([1, 0])
      expect(await bench.rows(table, ['k', 'v'])).toEqual([
        { k: 'a', v: 'old' },
        { k: 'b', v: 'new' },
      ])
    })
  })
}
