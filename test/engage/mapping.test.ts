import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defaultMapping } from '../../src/engage/default-mapping.ts'
import { ExactNumber } from '../../src/engage/exact-number.ts'
import { prepareMapping } from '../../src/engage/mapping.ts'
import { parseCall } from '../../src/engage/parse-call.ts'
import type { MappingSpec } from '../../src/model/activation.ts'

const kit: { transform(mapping: object, data: object): unknown } = createRequire(import.meta.url)(
  '@segment/actions-core/mapping-kit',
)
type Properties = NonNullable<MappingSpec['properties']>
const prepare = (properties: Properties) => prepareMapping({ properties })

const LONG = '123456789012345678901234567890.5'
const long = new ExactNumber(LONG)

/** An @if directive; made so because an object with a field `then` looks like a promise. */
const when = <T>(test: 'exists' | 'blank', of: T, value: T) => ({
  '@if': Object.fromEntries([
    [test, of],
    ['then', value],
  ]),
})

describe('default mappings', () => {
  const personas = {
    computation_class: 'audience',
    computation_id: 'aud_1',
    computation_key: 'carts',
    computation_run_id: 'run_1',
    event_emitter_id: 'ee_1',
  }
  const base = { event: 'carts', messageId: 'm1', type: 'track', receivedAt: '2025-07-02T16:27:10.584Z', userId: 'u1' }

  test('of a linked audience', () => {
    const context = { cart: { id: '1', total: long, products: [{ id: '324' }] } }
    const properties = { audience_key: 'carts', data_graph_entity_context: context }
    expect(
      prepareMapping(defaultMapping('LinkedAudience'))({ ...base, properties, context: { personas } }),
    ).toStrictEqual({
      entity_context: `{"cart":{"id":"1","total":${LONG},"products":[{"id":"324"}]}}`,
      user_id: 'u1',
      audience_key: 'carts',
      personas_computation_key: 'carts',
      personas_computation_id: 'aud_1',
      personas_computation_run_id: 'run_1',
      personas_activation_id: 'ee_1',
      event_name: 'carts',
    })
  })

  test('of a journey, where what is missing makes no field', () => {
    const properties = { journey_metadata: { journey_id: 'j1' } }
    expect(prepareMapping(defaultMapping('Journey'))({ ...base, properties, context: { personas } })).toStrictEqual({
      journey_metadata: '{"journey_id":"j1"}',
      user_id: 'u1',
      personas_computation_key: 'carts',
      personas_computation_id: 'aud_1',
      personas_activation_id: 'ee_1',
      personas_computation_class: 'audience',
      event_name: 'carts',
    })
  })
})

describe('as mapping-kit does it', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd')
  const leaf = fc.oneof(
    fc.constantFrom(0, 1, '', 'text', '{"a":1}', '{broken', true, false, null, 1.5),
    fc.constantFrom(long, new ExactNumber('9007199254740993')),
  )
  const { data } = fc.letrec<{ data: Record<string, unknown>; node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      leaf,
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 4, noNullPrototype: true }),
    ),
    data: fc.dictionary(key, tie('node'), { noNullPrototype: true }),
  }))
  const path = fc
    .tuple(fc.constantFrom('$.', '', '$'), fc.array(fc.constantFrom('a', 'b', '.c', '[0]', "['d']", '.', 'length')))
    .map(([root, keys]) => root + keys.join('.'))
  const template = fc
    .array(fc.constantFrom('text ', '{{a}}', '{{ b.c }}', '{{{d}}}', '{{}}', '{', '$&', '{{ $.a }}', '{{b.[0]}}'))
    .map((parts) => parts.join(''))
  const { properties } = fc.letrec<{ properties: Properties; node: unknown }>((tie) => ({
    node: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.record({ '@path': path }),
      fc.record({ '@template': template }),
      fc.constantFrom(1, 'raw', '', null, true),
      fc.record({ '@literal': tie('node') }),
      fc.record({ '@path': path, _metadata: fc.constant({ label: 'Field' }) }),
      fc
        .tuple(fc.constantFrom('encode', 'decode'), tie('node'))
        .filter(([, value]) => Boolean(value))
        .map(([mode, value]) => ({ '@json': { mode, value } })),
      fc.record({ '@replace': fc.record({ pattern: fc.constantFrom('t', '1'), value: fc.record({ '@path': path }) }) }),
      fc.record({ '@flatten': fc.record({ separator: fc.constant('__'), value: tie('node') }) }),
      fc.tuple(fc.record({ '@path': path }), tie('node')).map(([test, value]) => when('exists', test, value)),
      fc.record({ '@excludeWhenNull': tie('node') }),
      fc.array(tie('node'), { maxLength: 3 }),
      fc.dictionary(key, tie('node'), { maxKeys: 3, noNullPrototype: true }),
    ),
    properties: fc.dictionary(key, tie('node'), { maxKeys: 3, noNullPrototype: true }) as fc.Arbitrary<Properties>,
  }))

  test('whatever the mapping and the call', () => {
    let compared = 0
    fc.assert(
      fc.property(properties, data, (spec, call) => {
        const expected = attempt(() => kit.transform(structuredClone(spec), call))
        // What mapping-kit refuses is refused when the mapping is compiled, or for the call.
        const actual = attempt(() => prepare(spec)(call))
        if (JSON.stringify(spec).includes('@replace') || JSON.stringify(spec).includes('decode')) {
          // There exact numbers survive that mapping-kit loses: compared below.
          if (JSON.stringify(call).match(/\d{16}/)) return
        }
        expect(actual).toStrictEqual(expected)
        if (expected !== 'refused') compared++
      }),
      { numRuns: 3000 },
    )
    expect(compared).toBeGreaterThan(1000)
  })

  function attempt(work: () => unknown): unknown {
    try {
      return work()
    } catch {
      return 'refused'
    }
  }
})

test('exact numbers survive every directive', () => {
  const value = { '@path': '$.n' }
  const run = prepare({
    path: value,
    literal: { '@literal': value },
    template: { '@template': 'n={{n}}' },
    encoded: { '@json': { mode: 'encode', value } },
    decoded: { '@json': { mode: 'decode', value: `{"n":${LONG}}` } },
    flattened: { '@flatten': { separator: '_', value: { '@path': '$.o' } } },
    merged: { '@merge': { direction: 'right', objects: [{ a: 1 }, { '@path': '$.o' }] } },
    transformed: { '@transform': { apply: { x: value }, mapping: { y: { '@path': '$.x' } } } },
    chosen: when('exists', value, value),
    blank: when('blank', value, value),
    cased: { '@case': { operator: 'upper', value } },
    items: { '@arrayPath': ['$.list', { n: { '@path': '$.n' } }] },
    kept: { '@excludeWhenNull': value },
    replaced: { '@replace': { pattern: '.5', replacement: ',5', value } },
    liquid: { '@liquid': '{{ n }}' },
  })
  expect(run({ n: long, o: { p: { n: long } }, list: [{ n: long }] })).toStrictEqual({
    path: long,
    literal: long,
    template: `n=${LONG}`,
    encoded: LONG,
    decoded: { n: long },
    flattened: { p_n: long },
    merged: { a: 1, p: { n: long } },
    transformed: { y: long },
    chosen: long,
    blank: long,
    cased: long,
    items: [{ n: long }],
    kept: long,
    replaced: LONG.replace('.5', ',5'),
    liquid: LONG,
  })
})

test('a directive for the whole mapping applies to all of it', () => {
  const run = prepareMapping({
    __segment_internal_directive: { '@transform': { apply: { user: { '@path': '$.userId' } } } },
    properties: { id: { '@path': '$.user' }, name: { '@path': '$.userId' } },
  })
  expect(run({ userId: 'u1' })).toEqual({ id: 'u1' })
  expect(run({ userId: 'u2' })).toEqual({ id: 'u2' })
})

test('a directive for the whole mapping gives the columns where there are none', () => {
  const columns = { properties: { id: { '@path': '$.user' } } }
  const root = { '@transform': { apply: { user: { '@path': '$.userId' } }, mapping: columns } }
  expect(prepareMapping({ __segment_internal_directive: root })({ userId: 'u1' })).toEqual({ id: 'u1' })
})

test('a directive for the whole mapping that makes no map of a call fails for it', () => {
  const root = { '@transform': { apply: { '@path': '$.properties' } } }
  const run = prepareMapping({ __segment_internal_directive: root, properties: { plan: { '@path': '$.plan' } } })
  expect(run({ properties: { plan: 'pro' } })).toEqual({ plan: 'pro' })
  expect(() => run({ properties: 'text' })).toThrow('mapping.__segment_internal_directive makes no map of the call')
})

test('a directive in place of the columns makes all of them', () => {
  const run = prepare({ '@path': '$.properties' })
  expect(run({ properties: { a: 1 } })).toEqual({ a: 1 })
  expect(run({})).toEqual({})
  expect(() => run({ properties: 'text' })).toThrow('makes no map of columns')
})

test('a key __proto__ stays a value', () => {
  const parsed = parseCall('{"properties":{"__proto__":{"a":1}}}')
  const mapped = 'call' in parsed && prepare({ '@path': '$.properties' })(parsed.call)
  expect(JSON.stringify(mapped)).toBe('{"__proto__":{"a":1}}')
})

test('what is wrong with a mapping is told with its place, and without a stack', () => {
  const wrong = { a: { '@pth': '$.a' }, b: { '@replace': { pattern: 'x'.repeat(11), value: 'a' } } }
  expect(() => prepare(wrong)).toThrow(
    /^mapping.properties.a: @pth is no directive: did you mean @path\?; mapping.properties.b."@replace".pattern: must be text of 1 to 10 characters$/,
  )
})
