import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isSameNumber, numberText, plainDecimal } from '../../src/engage/decimal.ts'

test.each([
  ['0.0', '0'],
  ['-0.0e5', '0'],
  ['-12.30', '-12.3'],
  ['1.50e1', '15'],
  ['15e-1', '1.5'],
  ['1e-3', '0.001'],
  ['0.00120E2', '0.12'],
  ['1E+21', '1000000000000000000000'],
  ['1e131071', `1${'0'.repeat(131_071)}`],
  ['1e131072', undefined],
  ['1e-16383', `0.${'0'.repeat(16_382)}1`],
  ['1e-16384', undefined],
  ['1e99999999999999999999', undefined],
  ['NaN', undefined],
  ['0x10', undefined],
])('%s is %s', (text, expected) => {
  expect(plainDecimal(text)).toBe(expected)
})

test('a long run of zeros takes no long time', () => {
  const zeros = '0'.repeat(100_000)
  expect(plainDecimal(`1${zeros}2.5`)).toBe(`1${zeros}2.5`)
  expect(plainDecimal(`1${zeros}.${zeros}`)).toBe(`1${zeros}`)
})

test('numbers are the same however the point is moved', () => {
  const digits = fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n })
  fc.assert(
    fc.property(digits, fc.nat(40), (value, zeros) => {
      const text = String(value)
      const moved = `${text}${'0'.repeat(zeros)}e-${zeros}`
      expect(plainDecimal(moved)).toBe(text)
      expect(isSameNumber(moved, text)).toBe(true)
      expect(isSameNumber(moved, String(value + 1n))).toBe(false)
      expect(isSameNumber(moved, `${text}1e-${zeros}`)).toBe(false)
      if (value !== 0n) expect(isSameNumber(moved, String(-value))).toBe(false)
    }),
  )
})

test('every number has plain text that gives it back', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      expect(numberText(value)).toMatch(/^-?\d+(\.\d+)?$/)
      expect(Number(numberText(value))).toBe(value + 0)
    }),
  )
})
