import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, synth } from '../stacks.ts'

const require = createRequire(import.meta.url)
const kit: { transform(mapping: object, call: object): unknown } = require('@segment/actions-core/mapping-kit')
const validate: (mapping: object) => void = require('@segment/actions-core/mapping-kit/validate').default

const CALL = {
  userId: 'u1',
  event: 'Order Completed',
  properties: {
    plan: 'PRO',
    note: null,
    json: '{"a":1}',
    address: { city: 'Bonn' },
    items: [{ sku: 's1' }, { sku: 's2' }],
  },
}

export function mappings(installed: Installed): void {
  const { LetterCase, Mapping, MergeDirection } = installed.engage
  const plan = Mapping.path('$.properties.plan')

  /** What each directive is written as, and what mapping-kit makes of it. */
  const directives = {
    '@path': [plan, 'PRO'],
    '@literal': [Mapping.literal({ a: [1, null] }), { a: [1, null] }],
    '@template': [Mapping.template('{{userId}}-{{properties.plan}}'), 'u1-PRO'],
    '@liquid': [Mapping.liquid('{{ properties.plan | downcase }}'), 'pro'],
    '@arrayPath': [
      Mapping.arrayPath('$.properties.items', Mapping.object({ id: Mapping.path('$.sku') })),
      [{ id: 's1' }, { id: 's2' }],
    ],
    '@if': [Mapping.ifExists(Mapping.path('$.properties.note'), plan, Mapping.literal('none')), 'none'],
    '@if blank': [Mapping.ifNotBlank(plan, Mapping.literal('some')), 'some'],
    '@case': [plan.letterCase(LetterCase.LOWER), 'pro'],
    '@replace': [plan.replace({ pattern: 'p', replacement: 'x', ignoreCase: true }), 'xRO'],
    '@json': [Mapping.path('$.properties.address').jsonEncode(), '{"city":"Bonn"}'],
    '@json decode': [Mapping.path('$.properties.json').jsonDecode(), { a: 1 }],
    '@flatten': [
      Mapping.path('$.properties').flatten({ separator: '_', omitArrays: true }),
      expect.objectContaining({ address_city: 'Bonn' }),
    ],
    '@merge': [
      Mapping.merge(
        [Mapping.object({ a: Mapping.literal(1) }), Mapping.object({ a: Mapping.literal(2) })],
        MergeDirection.RIGHT,
      ),
      { a: 2 },
    ],
    '@transform': [
      Mapping.object({ inner: plan }).transform(Mapping.object({ out: Mapping.path('$.inner') })),
      { out: 'PRO' },
    ],
    '@excludeWhenNull': [Mapping.path('$.properties.note').excludeWhenNull(), undefined],
    list: [Mapping.list([plan, Mapping.literal(1)]), ['PRO', 1]],
  } as const

  test.each(Object.entries(directives))(
    'a mapping with %s does in mapping-kit what it says',
    (_, [mapping, expected]) => {
      const json = Mapping.object({ value: mapping }).toJson()
      expect(() => validate(json)).not.toThrow()
      expect(kit.transform(structuredClone(json), CALL)).toEqual(expected === undefined ? {} : { value: expected })
    },
  )

  test('all directives that the operator knows can be built', async () => {
    const { checkValue } = await import('../../../src/model/mapping-check.ts')
    const [problem] = checkValue({ '@none': 1 }, [])
    const known = [...(problem?.message ?? '').matchAll(/@\w+/g)]
      .map(([name]) => name)
      .filter((name) => name !== '@none')
    expect(known.length).toBeGreaterThan(10)
    expect(Object.keys(directives)).toEqual(expect.arrayContaining(known))
  })

  test('a mapping in an activation', () => {
    const { stack, space, warehouse } = connected(installed)
    const activation = warehouse.activate('vip', {
      computation: space.addAudience('vip'),
      storageActions: {
        table: 'vip',
        mapping: Mapping.object({ plan }),
      },
    })
    expect(activation.manifest.toManifest().spec.storageActions).toEqual({
      table: 'vip',
      triggers: ['AudienceEntered', 'AudienceExited'],
      mapping: { properties: { plan: { '@path': '$.properties.plan' } } },
    })
    expect(() => synth(installed, stack)).not.toThrow()
  })
}
