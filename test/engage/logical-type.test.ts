import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExactNumber } from '../../src/engage/exact-number.ts'
import { inferType, widen } from '../../src/engage/logical-type.ts'
import { LOGICAL_TYPES } from '../../src/model/table.ts'

test.each([
  [null, undefined],
  [undefined, undefined],
  [true, 'Boolean'],
  [0, 'Integer'],
  [-0, 'Integer'],
  [12, 'Integer'],
  [1e18, 'Integer'],
  [9.3e18, 'Float'],
  [-(2 ** 63), 'Float'],
  [1.5, 'Float'],
  ['', 'String'],
  ['12', 'String'],
  ['true', 'String'],
  ['2024-05-03T19:42:50Z', 'String'],
  [[1, 2], 'String'],
  [{ a: 1 }, 'String'],
  [new ExactNumber('9007199254740993'), 'Integer'],
  [new ExactNumber('9223372036854775807'), 'Integer'],
  [new ExactNumber('9223372036854775808'), 'Float'],
  [new ExactNumber('-9223372036854775808'), 'Integer'],
  [new ExactNumber('-9223372036854775809'), 'Float'],
  [new ExactNumber('9007199254740993.0'), 'Integer'],
  [new ExactNumber('1234567890.123456789012345'), 'Float'],
  [new ExactNumber('1e400'), 'Float'],
  [new ExactNumber('1e999999999'), 'Float'],
])('the type of %s is %s', (value, type) => {
  expect(inferType(value)).toBe(type)
})

test('numbers widen to numbers, everything else to text', () => {
  expect(widen('Integer', 'Float')).toBe('Float')
  expect(widen('Float', 'Decimal')).toBe('Decimal')
  expect(widen('Integer', 'Decimal')).toBe('Decimal')
  expect(widen('Boolean', 'Integer')).toBe('String')
  expect(widen('Timestamp', 'String')).toBe('String')
  expect(widen('Json', 'Float')).toBe('String')
})

test('widening is a join: the order of values does not matter', () => {
  const type = fc.constantFrom(...LOGICAL_TYPES)
  fc.assert(
    fc.property(type, type, type, (a, b, c) => {
      expect(widen(a, a)).toBe(a)
      expect(widen(a, b)).toBe(widen(b, a))
      expect(widen(widen(a, b), c)).toBe(widen(a, widen(b, c)))
      expect(widen(a, 'String')).toBe('String')
    }),
  )
})
