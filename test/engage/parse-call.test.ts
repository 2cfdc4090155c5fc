import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameNumber } from '../../src/engage/decimal.ts'
import { ExactNumber } from '../../src/engage/exact-number.ts'
import { parseCall, parseJson } from '../../src/engage/parse-call.ts'

const callOf = (line: string) => {
  const parsed = parseCall(line)
  if ('error' in parsed) throw new Error(parsed.error)
  return parsed.call
}
const errorOf = (line: string) => {
  const parsed = parseCall(line)
  return 'error' in parsed ? parsed.error : undefined
}

describe('numbers', () => {
  test.each([
    '9007199254740993',
    '-9007199254740993',
    '9223372036854775807',
    '123456789012345678901234567890',
    '1234567890.123456789012345',
    '0.1000000000000000055511151231257827',
    '1e400',
    '-1E400',
    '1e-400',
    '1e999999999',
    '12345678901234567891e3',
  ])('%s stays exact', (text) => {
    for (const line of [`{"a":${text}}`, `{"a": ${text}}`, `{"a":[1,${text}]}`, `{"a":\t[${text} ] }`]) {
      const found = [callOf(line).a].flat().find((item) => item instanceof ExactNumber)
      expect(found?.text).toBe(text)
    }
    expect(parseJson(text)).toEqual(new ExactNumber(text))
  })

  test.each([
    ['450.00', 450],
    ['450.0000000000000000000', 450],
    ['9007199254740992', 9007199254740992],
    ['100000000000000000000', 1e20],
    ['1e3', 1000],
    ['1E-7', 1e-7],
    ['1.5e300', 1.5e300],
    ['0e5', 0],
    ['-0', -0],
    ['0.1', 0.1],
    ['5e-324', 5e-324],
    ['0.30000000000000004', 0.30000000000000004],
  ])('%s is a number', (text, expected) => {
    expect(callOf(`{"a":${text}}`).a).toBe(expected)
  })

  test('none loses its value, however it is written', () => {
    const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,22})(\.\d{1,22})?([eE][+-]?\d{1,3})?$/)
    fc.assert(
      fc.property(digits, (text) => {
        const { a } = callOf(`{"a":${text}}`)
        if (a instanceof ExactNumber) expect(a.text).toBe(text)
        else expect(isSameNumber(text, `${Number(a)}`)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('text that looks like a long number stays text', () => {
    expect(callOf('{"a":"12345678901234567890","b":":12345678901234567890","c":", 1e400"}')).toEqual({
      a: '12345678901234567890',
      b: ':12345678901234567890',
      c: ', 1e400',
    })
  })
})

test('a call comes out as JSON puts it in', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      const line = JSON.stringify(value)
      expect(JSON.stringify(callOf(line))).toBe(JSON.stringify(JSON.parse(line)))
    }),
  )
})

test.each([
  ['', /^not JSON: /],
  ['{"a":1', /^not JSON: /],
  ['{"a":NaN}', /^not JSON: /],
  ['{"a":Infinity}', /^not JSON: /],
  ['hello', /^not JSON: /],
  ['[{"type":"track"}]', /^not a JSON object but an array$/],
  ['null', /^not a JSON object but null$/],
  ['"text"', /^not a JSON object but a string$/],
  ['true', /^not a JSON object but a boolean$/],
  ['12', /^not a JSON object but a number$/],
  ['9007199254740993', /^not a JSON object but a number$/],
])('%j is no call', (line, error) => {
  expect(errorOf(line)).toMatch(error)
})

test('of equal keys the last wins', () => {
  expect(callOf('{"a":1,"a":2}')).toEqual({ a: 2 })
  expect(callOf('{"a":1,"a":9007199254740993}')).toEqual({ a: new ExactNumber('9007199254740993') })
})

test.each(['1', '9007199254740993'])('__proto__ is a key like others (%s)', (number) => {
  const call = callOf(`{"__proto__":{"polluted":${number}},"a":1}`)
  expect(Object.getPrototypeOf(call)).toBe(Object.prototype)
  expect(Object.keys(call)).toEqual(['__proto__', 'a'])
  expect(({} as Record<string, unknown>).polluted).toBeUndefined()
})

describe('nesting', () => {
  const nested = (levels: number, leaf: string) => `{"a":${'['.repeat(levels)}${leaf}${']'.repeat(levels)}}`

  test.each(['1', '9007199254740993'])('200 levels are a call (%s)', (leaf) => {
    expect(JSON.stringify(callOf(nested(200, leaf)))).toBe(nested(200, leaf))
  })

  test('what would overflow the stack is refused', () => {
    expect(callOf(nested(999, '1'))).toBeDefined()
    expect(errorOf(nested(1000, '1'))).toBe('nested deeper than 1000 levels')
    expect(errorOf(nested(1_000_000, '1e400'))).toBe('nested deeper than 1000 levels')
    expect(errorOf(`{"a":${'{"b":'.repeat(1000)}1${'}'.repeat(1001)}`)).toBe('nested deeper than 1000 levels')
  })

  test('brackets in text and side by side are no nesting', () => {
    expect(callOf(JSON.stringify({ a: '[{"\\'.repeat(5000) }))).toBeDefined()
    expect(callOf(JSON.stringify({ a: Array.from({ length: 5000 }, () => [{}]) }))).toBeDefined()
  })
})
