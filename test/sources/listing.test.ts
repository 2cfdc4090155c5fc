import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  type Dated,
  datedOf,
  extentOf,
  type Folder,
  isBehind,
  type Marks,
  marksAfter,
  subfolder,
  TOP,
} from '../../src/sources/listing.ts'

test.each<[string, Dated | undefined]>([
  ['segment-logs/abc/1763942400000/x.gz', { series: 'segment-logs/abc/', date: '2025-11-24' }],
  ['2026-11-24/x.ndjson', { series: '', date: '2026-11-24' }],
  ['calls/2026-11-24-13/x.ndjson', { series: 'calls/', date: '2026-11-24' }],
  ['calls/day=2026-11-24/hour=13/x.ndjson', { series: 'calls/', date: '2026-11-24' }],
  ['calls/20261124/x.ndjson', { series: 'calls/', date: '2026-11-24' }],
  ['2026/11/24/13/x.ndjson', { series: '', date: '2026-11-24' }],
  ['year=2026/month=11/day=24/x.ndjson', { series: '', date: '2026-11-24' }],
  ['2026-11/24/x.ndjson', { series: '', date: '2026-11-24' }],
  ['2026/eu/x.ndjson', { series: '', date: '2026' }],
  ['2026/x.ndjson', { series: '', date: '2026' }],
  ['x.ndjson', undefined],
  ['calls/2026-11-24.ndjson', undefined],
  ['calls/v2/x.ndjson', undefined],
  ['13/x.ndjson', undefined],
])('%s', (key, expected) => {
  expect(datedOf(key)).toEqual(expected)
})

const name = fc.constantFrom(
  '2025',
  '2026',
  '2026-11',
  '01',
  '11',
  'month=12',
  '24',
  'eu',
  '2026-11-24',
  '2026-11-20',
  '1763942400000',
)
const key = fc.array(name, { maxLength: 5 }).map((folders) => [...folders, 'x.ndjson'].join('/'))
const keys = fc.uniqueArray(key, { maxLength: 40 })
const day = fc.constantFrom('2025-11-24', '2026-01-01', '2026-11-21', '2026-11-30')
const marksFor = (listed: readonly string[]): fc.Arbitrary<Marks> =>
  fc.dictionary(fc.constantFrom('', ...listed.flatMap((one) => datedOf(one)?.series ?? [])), day)

/** What a store answers: a walk over the folders of the keys, as far as the plan goes. */
function walk(all: readonly string[], marks: Marks, folder: Folder = TOP): string[] {
  const below = all.filter((one) => one.startsWith(folder.prefix))
  const extent = extentOf(folder, marks)
  if (extent === 'None') return []
  if (extent === 'All') return below
  const rests = below.map((one) => one.slice(folder.prefix.length))
  const names = new Set(rests.filter((rest) => rest.includes('/')).map((rest) => rest.slice(0, rest.indexOf('/'))))
  const here = rests.filter((rest) => !rest.includes('/')).map((rest) => `${folder.prefix}${rest}`)
  return [...here, ...[...names].flatMap((one) => walk(all, marks, subfolder(folder, one)))]
}

test('a walk meets each key that is not behind the marks, once, and none that is', () => {
  const cases = keys.chain((all) => fc.record({ all: fc.constant(all), marks: marksFor(all) }))
  fc.assert(
    fc.property(cases, ({ all, marks }) => {
      const due = all.filter((one) => {
        const dated = datedOf(one)
        return dated === undefined || !isBehind(dated, marks)
      })
      expect(walk(all, marks).toSorted()).toEqual(due.toSorted())
    }),
  )
})

test('marks only go forward, stay the look-back behind what was listed, and never pass today', () => {
  const dated = fc.record({
    series: fc.constantFrom('', 'a/'),
    date: fc.constantFrom('2026', '2026-11', '2026-10-31', '2026-11-24', '9999-01-01'),
  })
  fc.assert(
    fc.property(fc.array(dated), fc.dictionary(fc.constantFrom('', 'a/'), day), (listed, marks) => {
      const next = marksAfter(listed, marks, '2026-11-25')
      for (const [series, mark] of Object.entries(marks)) expect((next[series] ?? '') >= mark).toBe(true)
      for (const [series, mark] of Object.entries(next)) {
        if (mark !== marks[series]) expect(mark <= '2026-11-17').toBe(true)
      }
    }),
  )
  expect(marksAfter([{ series: 'a/', date: '2026-03-03' }], {}, '2026-11-25')).toEqual({ 'a/': '2026-02-24' })
})
