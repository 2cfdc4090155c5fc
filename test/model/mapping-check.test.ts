import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { checkValue, directiveOf } from '../../src/model/mapping-check.ts'
import { formatPath } from '../../src/model/problems.ts'
import { isFields } from '../../src/model/rules.ts'

const require = createRequire(import.meta.url)
const kit: { transform(mapping: object, data: object): unknown } = require('@segment/actions-core/mapping-kit')
const kitValidate: (mapping: unknown) => void = require('@segment/actions-core/mapping-kit/validate').default

const problemsOf = (node: unknown) =>
  checkValue(node, ['properties']).map(({ path, message }) => `${formatPath(path)}: ${message}`)

/** An @if directive; made so because an object with a field `then` looks like a promise. */
const when = (argument: Record<string, unknown>, value: unknown = 1) => ({
  '@if': Object.fromEntries([...Object.entries(argument), ['then', value]]),
})

describe('as mapping-kit does it', () => {
  const CALL = { text: 'abc', number: 1, map: { a: 'b' }, list: [{ a: 1 }] }
  const text = fc.constantFrom<unknown>({ '@path': '$.text' }, { '@literal': 'abc' }, { '@template': '{{text}}' })
  const map = fc.constantFrom<unknown>({ '@path': '$.map' }, { a: { '@path': '$.text' } }, {})
  /** What stands in no place of a mapping, whatever the directive: unknown ones, and two in one map. */
  const malformed = fc.constantFrom<unknown>(
    { '@bogus': 1 },
    { '@': 1 },
    { '@path': '$.text', '@literal': 1 },
    { '@path': '$.text', more: 1 },
  )
  /** No directives: what those make of a call may be right or wrong. */
  const other = fc.constantFrom<unknown>('abc', 5, null, [], ['$.list', {}], {}, { a: { '@path': '$.text' } })
  const raw = fc.constantFrom<unknown>('', 'abc', 0, 5, true, false, null)
  /** Fields that are there or not, right or wrong. */
  const some = (fields: Record<string, fc.Arbitrary<unknown>>) => fc.record(fields, { requiredKeys: [] })

  const { node } = fc.letrec<{ node: unknown; value: unknown }>((tie) => {
    const value = tie('value')
    const sized = fc.constantFrom('', 'x', 'x'.repeat(10), 'x'.repeat(11))
    const whole = (directive: string, argument: fc.Arbitrary<unknown>) =>
      fc.record({ [directive]: fc.oneof({ weight: 8, arbitrary: argument }, { weight: 1, arbitrary: other }) })
    return {
      value: fc.oneof({ maxDepth: 3 }, raw, text, map, fc.array(tie('node'), { maxLength: 2 }), tie('node')),
      node: fc.oneof(
        { maxDepth: 3 },
        text,
        malformed,
        whole('@path', fc.oneof(text, fc.constantFrom('$.text', 5))),
        whole('@template', fc.oneof(text, fc.constantFrom('{{text}}', 5))),
        whole('@literal', value),
        whole('@excludeWhenNull', value),
        whole('@liquid', fc.constantFrom<unknown>('', '{{ text }}', 'x'.repeat(1000), 'x'.repeat(1001), 5)),
        whole(
          '@case',
          fc.record(
            // Of values that are no text it makes nothing of a wrong operator.
            {
              operator: fc.constantFrom('lower', 'upper', 'Upper', 5),
              value: fc.oneof(text, fc.constantFrom('abc', 5)),
            },
            { requiredKeys: ['value'] },
          ),
        ),
        whole(
          '@replace',
          some({
            pattern: fc.oneof(sized, raw),
            replacement: fc.oneof(sized, raw),
            value: fc.oneof(text, raw),
            ignorecase: raw,
            global: raw,
          }),
        ),
        whole('@arrayPath', fc.tuple(fc.oneof(text, fc.constantFrom<unknown>('$.list', 5)), map)),
        whole('@arrayPath', fc.constantFrom<unknown>([], ['$.list'], '$.list')),
        whole('@json', some({ mode: fc.constantFrom('encode', 'decode', 'x', 5), value })),
        whole('@flatten', some({ separator: fc.constantFrom('', '_', 5), value })),
        whole(
          '@merge',
          some({ direction: fc.constantFrom('left', 'right', 'x'), objects: fc.array(fc.oneof(map, raw)) }),
        ),
        whole('@transform', some({ apply: fc.oneof(map, raw), mapping: fc.oneof(map, raw, malformed) })),
        fc.record({ exists: value, blank: value }, { requiredKeys: [] }).map((argument) => when(argument)),
        fc.record({ '@path': fc.constant('$.text'), _metadata: fc.oneof(raw, malformed) }),
        fc.dictionary(fc.constantFrom('a', 'b', '_metadata'), value, { noNullPrototype: true }),
      ),
    }
  })

  test('what is taken, mapping-kit takes; what is refused, mapping-kit refuses or fails for each call', () => {
    const seen = { taken: 0, refused: 0 }
    fc.assert(
      fc.property(node, (mapping) => {
        const isTaken = problemsOf(mapping).length === 0
        expect(isTaken, problemsOf(mapping).join('; ')).toBe(partsOf(mapping).every(isTakenByKit))
        seen[isTaken ? 'taken' : 'refused']++
      }),
      { numRuns: 5000 },
    )
    expect(Math.min(seen.taken, seen.refused)).toBeGreaterThan(1000)
  })

  /** Each on its own: mapping-kit does not look into lists and literals when it validates. */
  function partsOf(value: unknown): Record<string, unknown>[] {
    if (Array.isArray(value)) return value.flatMap(partsOf)
    if (!isFields(value)) return []
    const items = Object.entries(value).filter(([key]) => directiveOf(value) === undefined || key !== '_metadata')
    return [value, ...items.flatMap(([, item]) => partsOf(item))]
  }

  function isTakenByKit(part: Record<string, unknown>): boolean {
    try {
      kitValidate(part)
      if (directiveOf(part) !== undefined) kit.transform({ value: structuredClone(part) }, CALL)
      return true
    } catch {
      return false
    }
  }
})

test.each<[unknown, string]>([
  [
    { b: { '@bogus': 1 } },
    'properties.b: @bogus is no directive: write one of @arrayPath, @case, @excludeWhenNull, @flatten, @if, @json, @liquid, @literal, @merge, @path, @replace, @template, @transform',
  ],
  [{ b: { '@pth': '$.a' } }, 'properties.b: @pth is no directive: did you mean @path?'],
  [
    { b: { '@path': '$.a', '@literal': 1 } },
    'properties.b: a directive stands alone in its map: take @path and @literal apart',
  ],
  [
    { b: { c: { '@path': '$.a', d: 1 } } },
    'properties.b.c: a directive stands alone in its map: take @path and d apart',
  ],
  [{ b: [{ '@pth': 1 }] }, 'properties.b[0]: @pth is no directive: did you mean @path?'],
  [{ '@template': 5 }, 'properties."@template": must be text or a directive'],
  [{ '@flatten': 5 }, 'properties."@flatten": must be a map: write separator, value'],
  [{ '@json': { value: 1 } }, 'properties."@json".mode: is missing: write encode or decode'],
  [{ '@json': { mode: 'x', value: 1 } }, 'properties."@json".mode: must be encode or decode'],
  [{ '@json': { mode: 'Encode', value: 1 } }, 'properties."@json".mode: must be encode or decode'],
  [{ '@case': { operator: 'Upper', value: 'a' } }, 'properties."@case".operator: must be lower or upper'],
  [{ '@merge': { direction: 'up', objects: [] } }, 'properties."@merge".direction: must be left or right'],
  [{ '@merge': { direction: 'left', objects: [5] } }, 'properties."@merge".objects[0]: must be a map or a directive'],
  [
    { '@replace': { pattern: 'https://www.', value: { '@path': '$.x' } } },
    'properties."@replace".pattern: must be text of 1 to 10 characters',
  ],
  [{ '@transform': { apply: {} } }, 'properties."@transform".mapping: is missing: write a map or a directive'],
  [when({ exist: 'a' }), 'properties."@if": must be a map that asks for a value: write exists or blank'],
  [{ '@arrayPath': [5, {}] }, 'properties."@arrayPath"[0]: must be text or a directive'],
  [{ '@liquid': 'x'.repeat(1001) }, 'properties."@liquid": must be text of at most 1000 characters'],
])('%j is refused', (mapping, problem) => {
  expect(problemsOf(mapping)).toEqual([problem])
})
