import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ExactNumber } from '../../src/engage/exact-number.ts'
import { type FitTarget, type Fitted, fit as fitValue } from '../../src/engage/fit.ts'
import { NOTES, type NoteCode } from '../../src/engage/notes.ts'
import { LOGICAL_TYPES, type LogicalType } from '../../src/model/table.ts'

const exact: FitTarget = { exactFloat: true, rejectsNul: true }
const double: FitTarget = { exactFloat: false, rejectsNul: false }
const lost = (note: NoteCode): Fitted => ({ text: null, note, keep: true })
const noted = (text: string, note: NoteCode): Fitted => ({ text, note, keep: false })
const big = (text: string) => new ExactNumber(text)

test.each(LOGICAL_TYPES)('no value is no value: %s', (type) => {
  expect(fitValue(null, type, exact)).toBeNull()
  expect(fitValue(undefined, type, exact)).toBeNull()
})

describe.each([
  ['exact', exact],
  ['double', double],
])('on a warehouse with %s floats', (_name, target) => {
  test.each<[unknown, LogicalType, Fitted]>([
    [true, 'Boolean', 'true'],
    [false, 'Boolean', 'false'],
    ['yes', 'Boolean', lost('NotABoolean')],
    ['true', 'Boolean', lost('NotABoolean')],
    [1, 'Boolean', lost('NotABoolean')],

    [12, 'Integer', '12'],
    [-0, 'Integer', '0'],
    [1e18, 'Integer', '1000000000000000000'],
    [1.5, 'Integer', lost('NotAnInteger')],
    ['12', 'Integer', lost('NotAnInteger')],
    [true, 'Integer', lost('NotAnInteger')],
    [1e19, 'Integer', lost('IntegerOutOfRange')],
    [big('9007199254740993'), 'Integer', '9007199254740993'],
    [big('9223372036854775807'), 'Integer', '9223372036854775807'],
    [big('9223372036854775808'), 'Integer', lost('IntegerOutOfRange')],
    [big('1e999999999'), 'Integer', lost('IntegerOutOfRange')],
    [big('9007199254740993.5'), 'Integer', lost('NotAnInteger')],

    [1.5, 'Float', '1.5'],
    [1e-7, 'Float', '0.0000001'],
    [1e21, 'Float', '1000000000000000000000'],
    ['1.5', 'Float', lost('NotANumber')],
    [Number.NaN, 'Float', lost('NotANumber')],
    [Number.POSITIVE_INFINITY, 'Float', lost('NotANumber')],
    [big('1e400'), 'Float', lost('NumberOutOfRange')],
    [big('1e999999999'), 'Float', lost('NumberOutOfRange')],

    [450, 'Decimal', '450'],
    [0.1, 'Decimal', '0.1'],
    [big('12345678901234567890.123456789012345678'), 'Decimal', '12345678901234567890.123456789012345678'],
    ['450', 'Decimal', lost('NotANumber')],
    [big('1e999999999'), 'Decimal', lost('NumberOutOfRange')],

    ['text', 'String', 'text'],
    ['', 'String', ''],
    ['00123', 'String', '00123'],
    ['+15550100', 'String', '+15550100'],
    ['\\N \\. \t"', 'String', '\\N \\. \t"'],
    ['a\ud800b', 'String', noted('a\ufffdb', 'InvalidUnicode')],
    [12.5, 'String', '12.5'],
    [true, 'String', 'true'],
    [big('9007199254740993'), 'String', '9007199254740993'],
    [big('1e25'), 'String', '10000000000000000000000000'],
    [big('1e999999999'), 'String', '1e999999999'],
    [[1, 'a', null], 'String', '[1,"a",null]'],
    [{ a: big('0.1234567890123456789') }, 'String', '{"a":0.1234567890123456789}'],

    ['a', 'Json', '"a"'],
    [1, 'Json', '1'],
    [{ a: [big('9007199254740993')] }, 'Json', '{"a":[9007199254740993]}'],
    [{ 'k\udc00': '\ud800' }, 'Json', noted('{"k\ufffd":"\ufffd"}', 'InvalidUnicode')],
    [{ a: big('1e999999') }, 'Json', noted('{"a":"1e999999"}', 'NumberOutOfRange')],
    [{ a: '\\u0000 \\ud800 1e99999' }, 'Json', '{"a":"\\\\u0000 \\\\ud800 1e99999"}'],
  ])('%j as %s is %j', (value, type, expected) => {
    expect(fitValue(value, type, target)).toEqual(expected)
  })
})

test('a double takes a longer number rounded, an exact float as it is', () => {
  const number = big('1234567890.123456789012345')
  expect(fitValue(number, 'Float', exact)).toBe('1234567890.123456789012345')
  expect(fitValue(number, 'Float', double)).toEqual({ text: '1234567890.1234567', note: 'InexactFloat', keep: true })
  expect(fitValue(big('1e-400'), 'Float', double)).toEqual({ text: '0', note: 'InexactFloat', keep: true })
})

test('a decimal of limited digits takes none that it would round', () => {
  for (const text of ['123456789012345678901', '0.1234567890123456789', '1e400']) {
    expect(fitValue(big(text), 'Decimal', double)).toEqual(lost('DecimalOutOfRange'))
    expect(fitValue(big(text), 'Decimal', exact)).toMatch(/^[\d.]+$/)
  }
})

test('U+0000 is removed only where it cannot be stored', () => {
  expect(fitValue('a\0b', 'String', double)).toBe('a\0b')
  expect(fitValue('a\0b', 'String', exact)).toEqual(noted('ab', 'NulRemoved'))
  expect(fitValue({ 'k\0': ['\0'] }, 'Json', double)).toBe('{"k\\u0000":["\\u0000"]}')
  expect(fitValue({ 'k\0': ['\0'] }, 'Json', exact)).toEqual(noted('{"k":[""]}', 'NulRemoved'))
})

test('text is measured in bytes', () => {
  const small = { ...double, maxTextBytes: 6 }
  expect(fitValue('éééé', 'String', small)).toEqual(lost('TextTooLong'))
  expect(fitValue('ééé', 'String', small)).toBe('ééé')
  expect(fitValue(['éé'], 'Json', small)).toEqual(lost('TextTooLong'))
  expect(fitValue('x'.repeat(2 ** 21), 'String', double)).toHaveLength(2 ** 21)
})

test('JSON holds no number that is too long to be one', () => {
  const digits = '1'.repeat(131_073)
  expect(fitValue({ a: big(digits) }, 'Json', exact)).toEqual(noted(`{"a":"${digits}"}`, 'NumberOutOfRange'))
})

test('an object 200 levels deep is JSON text', () => {
  let deep: unknown = '\0'
  for (let level = 0; level < 200; level++) deep = level % 2 ? [deep] : { deep }
  expect(fitValue(deep, 'String', exact)).toMatchObject({ note: 'NulRemoved' })
})

test('what is loaded has the form that stage files need', () => {
  const number = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer(), fc.bigInt().map(toExact))
  fc.assert(
    fc.property(number, fc.constantFrom<LogicalType>('Integer', 'Float', 'Decimal', 'String'), (value, type) => {
      const fitted = fitValue(value, type, exact)
      if (typeof fitted !== 'string') return
      expect(fitted).toMatch(type === 'Integer' ? /^-?\d+$/ : /^-?\d+(\.\d*[1-9])?$/)
      if (typeof value === 'number') expect(Number(fitted)).toBe(value + 0)
      else expect(fitted).toBe(value.text)
    }),
  )
})
const toExact = (value: bigint) => big(String(value))

test('every note is a sentence', () => {
  for (const sentence of Object.values(NOTES)) expect(sentence).toMatch(/^\S.{20,}[^.]$/)
})
