import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnIdentifier, type IdentifierRules, tableIdentifier } from '../../src/engage/identifiers.ts'
import { snakeCase } from '../../src/model/snake-case.ts'

const rules: IdentifierRules = { maxBytes: 63, reserved: new Set(['order', 'select']) }

describe('columns', () => {
  test.each([
    ['userName', 'user_name'],
    ['context.app.version', 'context_app_version'],
    ['1st purchase', '_1st_purchase'],
    ['Order', '_order'],
    ['ordered', 'ordered'],
    ['', '_unnamed'],
    ['  \t', '_unnamed'],
    ['a"; drop table x; --', 'a_drop_table_x'],
    ['a.b', 'a_b'],
    ['__proto__', 'proto'],
  ])('%j is %j', (source, expected) => {
    expect(columnIdentifier(source, rules)).toBe(expected)
  })

  test('what has no ASCII letter or digit gets a name of its own', () => {
    expect(columnIdentifier('名前', rules)).toBe('_7ec26292')
    expect(columnIdentifier('苗字', rules)).not.toBe(columnIdentifier('名前', rules))
    expect(columnIdentifier('$', rules)).not.toBe(columnIdentifier('$$', rules))
  })

  test('composed and decomposed text is one name', () => {
    expect(columnIdentifier('e\u0301\u00e9', rules)).toBe(columnIdentifier('\u00e9e\u0301', rules))
    expect(columnIdentifier('cafe\u0301', rules)).toBe(columnIdentifier('caf\u00e9', rules))
  })

  test('long names that begin alike stay apart, within the limit', () => {
    const stem = 'a_very_long_property_name_of_a_tracking_plan_that_goes_on_and_on'
    const one = columnIdentifier(`${stem}_one`, rules)
    const two = columnIdentifier(`${stem}_two`, rules)
    expect(one).toBe('a_very_long_property_name_of_a_tracking_plan_that_goes_a8c83907')
    expect(one).toHaveLength(63)
    expect(two).toHaveLength(63)
    expect(two).not.toBe(one)
    expect(columnIdentifier(`${stem} One`, rules)).toBe(one)
    expect(columnIdentifier('x'.repeat(63), rules)).toBe('x'.repeat(63))
    expect(columnIdentifier(`1${'x'.repeat(62)}`, rules)).toHaveLength(63)
  })
})

test('an event never takes the table of a standard collection', () => {
  expect(tableIdentifier('Users', rules)).toBe('_users')
  expect(tableIdentifier('identifies', rules)).toBe('_identifies')
  expect(tableIdentifier('tracks', rules)).toBe('_tracks')
  expect(tableIdentifier('Audience Entered', rules)).toBe('audience_entered')
  expect(tableIdentifier('order', rules)).toBe('_order')
  expect(columnIdentifier('Users', rules)).toBe('users')
})

test('two names share an identifier only if they share the snake_case', () => {
  const tight: IdentifierRules = { maxBytes: 20, reserved: new Set(['a', 'order']) }
  const word = fc.constantFrom('a', 'order', '1', '2b', 'unnamed', 'xxxxxxxxxxxxxxxxxxxx', 'yyyyyyyyyyyyyyyyyyyyy', 'é')
  const name = fc.oneof(
    fc.array(word, { maxLength: 4 }).map((words) => words.join('_')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(name, name, (one, other) => {
      for (const identify of [columnIdentifier, tableIdentifier]) {
        const identifier = identify(one, tight)
        expect(Buffer.byteLength(identifier)).toBeLessThanOrEqual(20)
        expect(identifier).toMatch(/^[a-z_][a-z0-9_]*$/)
        expect(tight.reserved.has(identifier)).toBe(false)
        const forms = [one, other].map((text) => snakeCase(text.normalize('NFC')))
        if (forms[0] === forms[1]) {
          if (forms[0] !== '') expect(identify(other, tight)).toBe(identifier)
        } else expect(identify(other, tight)).not.toBe(identifier)
      }
    }),
    { numRuns: 2000 },
  )
})
