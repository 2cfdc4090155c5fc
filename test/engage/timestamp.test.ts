import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { timestampText } from '../../src/engage/timestamp.ts'

describe('times', () => {
  test.each([
    ['2024-05-03T19:42:50Z', '2024-05-03T19:42:50Z'],
    ['2024-05-03T19:42:59.762Z', '2024-05-03T19:42:59.762Z'],
    ['2024-05-03T19:42:50.066179717Z', '2024-05-03T19:42:50.066179Z'],
    ['2024-05-03T19:42:50.066179717+02:00', '2024-05-03T17:42:50.066179Z'],
    ['2024-05-03T19:42:50+14:00', '2024-05-03T05:42:50Z'],
    ['2024-05-03T19:42:50.5-0330', '2024-05-03T23:12:50.5Z'],
    ['2024-05-03T19:42:50+02', '2024-05-03T17:42:50Z'],
    ['2024-05-03T19:42:50', '2024-05-03T19:42:50Z'],
    ['2024-05-03 19:42:50.1', '2024-05-03T19:42:50.1Z'],
    ['2024-05-03t19:42:50z', '2024-05-03T19:42:50Z'],
    ['2024-05-03T19:42', '2024-05-03T19:42:00Z'],
    ['2024-05-03', '2024-05-03T00:00:00Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
    ['2000-02-29', '2000-02-29T00:00:00Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00Z'],
    ['0050-01-01T00:00:00+00:01', '0049-12-31T23:59:00Z'],
    ['9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999Z'],
  ])('%s is %s', (text, expected) => {
    expect(timestampText(text)).toBe(expected)
  })

  test.each([
    '2026-02-30T00:00:00Z',
    '2026-02-30',
    '2023-02-29T00:00:00Z',
    '1900-02-29',
    '2026-00-10',
    '2026-13-01T00:00:00Z',
    '2026-04-31T00:00:00Z',
    '2016-12-31T23:59:60Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T12:60:00Z',
    '0000-01-01T00:00:00Z',
    '-0044-03-15T00:00:00Z',
    '+012345-01-01T00:00:00Z',
    '12345-01-01T00:00:00Z',
    '0001-01-01T00:00:00+14:00',
    '9999-12-31T23:00:00-02:00',
    '2026-01-01T12:00:00+24:00',
    '2026-01-01T12:00:00.Z',
    '2026-01-01T12:00:00.12x4Z',
    '2026-1-1',
    'Infinity',
    'yesterday',
    '',
    1714765370,
    true,
    null,
    {},
  ])('%j is none', (value) => {
    expect(timestampText(value)).toBeUndefined()
  })
})

test('every moment of the years 1 to 9999 is the same moment, whatever its offset', () => {
  const moment = fc.date({
    min: new Date('0001-01-02T00:00:00Z'),
    max: new Date('9999-12-30T00:00:00Z'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(moment, fc.integer({ min: -1439, max: 1439 }), (date, minutes) => {
      expect(timestampText(date.toISOString())).toBe(date.toISOString())
      const local = new Date(date.getTime() + minutes * 60_000).toISOString().slice(0, 23)
      const clock = new Date(Math.abs(minutes) * 60_000).toISOString().slice(11, 16)
      expect(timestampText(`${local}${minutes < 0 ? '-' : '+'}${clock}`)).toBe(date.toISOString())
    }),
  )
})
