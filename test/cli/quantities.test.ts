import { expect, test } from 'vitest'
import { counted, formatAge, formatBytes, formatCount, formatDuration, formatNext } from '../../src/cli/quantities.ts'

const now = new Date('2026-11-24T12:00:00Z')

test.each([
  [-5, '0ms'],
  [0, '0ms'],
  [850, '850ms'],
  [1000, '1s'],
  [42_900, '42s'],
  [185_000, '3m5s'],
  [180_000, '3m'],
  [12 * 60_000 + 5000, '12m'],
  [5 * 3_600_000 + 30 * 60_000, '5h30m'],
  [30 * 86_400_000 + 3_600_000, '30d'],
])('%d ms is %s', (milliseconds, text) => {
  expect(formatDuration(milliseconds)).toBe(text)
})

test.each([
  ['2026-11-24T11:59:59.900Z', '0s'],
  ['2026-11-24T11:55:00Z', '5m'],
  ['2026-11-24T12:00:30Z', '0s'],
  [undefined, '<unknown>'],
  ['yesterday', '<unknown>'],
])('the age of %s is %s', (time, text) => {
  expect(formatAge(time, now)).toBe(text)
})

test.each([
  ['2026-11-24T12:12:00Z', 'in 12m'],
  ['2026-11-24T12:00:00Z', 'due'],
  ['2026-11-24T11:00:00Z', 'due'],
  [undefined, '<none>'],
])('%s is %s', (time, text) => {
  expect(formatNext(time, now)).toBe(text)
})

test('counts have their thousands grouped and their noun', () => {
  expect(formatCount(1_234_567)).toBe('1,234,567')
  expect(counted(1, 'row')).toBe('1 row')
  expect(counted(2000, 'row')).toBe('2,000 rows')
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1 KiB'],
  [1_610_612_736, '1.5 GiB'],
  [15 * 1024 ** 4, '15 TiB'],
  [2 ** 62, '4096 PiB'],
])('%s bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})
