import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { columnIdentifier } from '../../src/engage/identifiers.ts'
import { structuralSpec } from '../../src/model/crd.ts'
import type { Kind } from '../../src/model/resource.ts'
import { FLATTEN, JOURNEY, LINKED_AUDIENCE } from '../fixtures/mappings.ts'
import { celMessages } from './cel.ts'
import { ACTIONS, POSTGRES, problemsOf, resource } from './manifests.ts'
import { BROKEN, ONE_STORAGE, TWICE, VALID, withSchedule } from './rule-cases.ts'

const [DESTINATION, ENGAGE_SPACE, ACTIVATION] = ['WarehouseDestination', 'EngageSpace', 'Activation'] as const

test.each(VALID)('%s %j is valid for zod and for the API server', (kind, spec) => {
  expect(problemsOf(kind, spec)).toEqual([])
  const { spec: parsed } = resource(kind, spec)
  expect(celMessages(structuralSpec(kind), parsed)).toEqual([])
})

describe('rules of one resource, with the same words from zod and from the API server', () => {
  test.each(BROKEN)('%s %j', (kind, spec, path, message) => {
    expect(problemsOf(kind, spec)).toEqual([path.includes(': ') ? `${path} ${message}` : `${path}: ${message}`])
    expect(celMessages(structuralSpec(kind), withDefaults(kind, spec))).toEqual([message])
  })
})

/** The defaults that the rules count on, as the API server fills them in before it runs the rules. */
function withDefaults(kind: Kind, spec: unknown): unknown {
  return kind === ENGAGE_SPACE
    ? { destinations: [], audiences: [], computedTraits: [], journeys: [], ...Object(spec) }
    : spec
}

test.each(TWICE)('%s %j has an item twice', (kind, spec, path) => {
  expect(problemsOf(kind, spec)).toEqual([`${path} stands twice in the list: keep one of them`])
})

describe('what CEL cannot say', () => {
  test.each(['0 0 30 2 *', '0 0 31 4,6 *', '10-5 * * * *', '*/90 * * * *'])('the schedule %s never fires', (text) => {
    expect(problemsOf(DESTINATION, withSchedule(text))).toEqual([
      `spec.sync.schedule: "${text}" never fires: write five cron fields that some day fits, such as "0 * * * *"`,
    ])
  })

  test.each(['0 0 29 2 *', '5 4 * * SUN', '0,30 1-5/2 1,15 jan-mar *'])('the schedule %s is fine', (text) => {
    expect(problemsOf(DESTINATION, withSchedule(text))).toEqual([])
  })

  test.each(['Europe/Berln', 'europe/berlin', '+02:00', 'Local'])('there is no time zone %s', (timeZone) => {
    expect(problemsOf(DESTINATION, { ...POSTGRES, sync: { timeZone } })).toEqual([
      `spec.sync.timeZone: "${timeZone}" is not a time zone: write a name of the tz database, such as Europe/Berlin or Etc/UTC`,
    ])
  })

  test.each(['Etc/UTC', 'UTC', 'America/Argentina/Buenos_Aires', 'Asia/Kolkata'])('%s is a time zone', (timeZone) => {
    expect(problemsOf(DESTINATION, { ...POSTGRES, sync: { timeZone } })).toEqual([])
  })
})

describe('storage actions', () => {
  const actions = (more: object) => ({ ...ACTIONS, storageActions: { ...ACTIONS.storageActions, ...more } })
  const column = (name: string, path = '$.properties.plan') => ({ name, type: 'String', path })
  const mappingProblems = (mapping: unknown) => problemsOf(ACTIVATION, actions({ mapping }))

  test('the columns of a mapping are its properties', () => {
    expect(mappingProblems({ plan: { '@path': '$.properties.plan' } })).toEqual([
      'spec.storageActions.mapping.plan: unknown field: columns are the fields of properties, write it there',
      'spec.storageActions.mapping.properties: is missing: write the columns, such as {plan: {"@path": $.properties.plan}}',
    ])
    expect(mappingProblems({ '@path': '$.properties', properties: {} })).toEqual([
      'spec.storageActions.mapping."@path": unknown field: columns are the fields of properties, write it there',
    ])
    expect(mappingProblems({ properties: 'text' })).toEqual([
      'spec.storageActions.mapping.properties: "text" must be a map',
    ])
    expect(mappingProblems({ properties: { '@path': '$.properties' } })).toEqual([])
    expect(mappingProblems({ properties: {} })).toEqual([])
  })

  test.each([
    [LINKED_AUDIENCE],
    [JOURNEY],
    [{ ...LINKED_AUDIENCE, ...FLATTEN }],
    [FLATTEN],
    [{ ...JOURNEY, event: 'Own name' }],
  ])('a mapping of Segment is taken as it is pasted: %j', (mapping) => {
    expect(mappingProblems(mapping)).toEqual([])
  })

  test('what is beside the columns and is not of Segment is refused', () => {
    expect(mappingProblems({ ...LINKED_AUDIENCE, plan: { '@path': '$.properties.plan' } })).toEqual([
      'spec.storageActions.mapping.plan: unknown field: columns are the fields of properties, write it there',
    ])
  })

  test('a directive for the whole mapping is a @transform with what it applies, and has a mapping where there are no columns', () => {
    const rootProblems = (root: unknown, others: object = { properties: {} }) =>
      mappingProblems({ ...others, __segment_internal_directive: root }).map((problem) =>
        problem.replace('spec.storageActions.mapping.', ''),
      )
    const apply = { '@path': '$.' }
    const shape = '__segment_internal_directive: must be {"@transform": {"apply": ...}}, as Segment writes it'
    expect(rootProblems({ '@transform': { apply } })).toEqual([])
    expect(rootProblems({ '@transform': { apply, mapping: { '@bogus': 1 } } })).toEqual([])
    expect(rootProblems({})).toEqual([shape])
    expect(rootProblems({ '@merge': { direction: 'left', objects: [] } })).toEqual([shape])
    expect(rootProblems({ '@transform': 'text' })).toEqual([shape])
    expect(rootProblems('text')).toEqual(['__segment_internal_directive: "text" must be a map'])
    expect(rootProblems({ '@transform': {} })).toEqual([
      '__segment_internal_directive."@transform".apply: is missing: write a map or a directive',
    ])
    expect(rootProblems({ '@transform': { apply }, more: 1 })).toEqual([
      '__segment_internal_directive: a directive stands alone in its map: take @transform and more apart',
    ])
    expect(rootProblems({ '@transform': { apply: { a: { '@pth': '$.a' } } } })).toEqual([
      '__segment_internal_directive."@transform".apply.a: @pth is no directive: did you mean @path?',
    ])
    expect(rootProblems({ '@transform': { apply } }, {})).toEqual([
      'properties: is missing: write the columns, such as {plan: {"@path": $.properties.plan}}',
    ])
    expect(rootProblems({ '@transform': { apply, mapping: { '@pth': 1 } } }, {})).toEqual([
      '__segment_internal_directive."@transform".mapping: @pth is no directive: did you mean @path?',
    ])
  })

  test('every malformed directive is found, with its place', () => {
    const properties = {
      a: { '@bogus': 1 },
      b: [{ '@json': { mode: 'x', value: { '@path': 5 } } }],
    }
    expect(mappingProblems({ properties })).toEqual([
      expect.stringMatching(/^spec\.storageActions\.mapping\.properties\.a: @bogus is no directive: write one of @arr/),
      'spec.storageActions.mapping.properties.b[0]."@json".mode: "x" must be encode or decode',
      'spec.storageActions.mapping.properties.b[0]."@json".value."@path": 5 must be text or a directive',
    ])
  })

  test.each([
    ['Foo', 'foo', 'foo'],
    ['cart total', 'cartTotal', 'cart_total'],
    ['caf\u00e9', 'cafe\u0301', 'caf'],
    ['\u00e9', 'e\u0301', '\u00e9'],
  ])('%s and %s are one column', (one, other, key) => {
    expect(problemsOf(ACTIVATION, actions({ columns: [column(one), column('plan'), column(other)] }))).toEqual([
      `spec.storageActions.columns[2].name: ${JSON.stringify(other)} is the same column as ${JSON.stringify(one)}, for both are ${key}: keep one of them, or write another name`,
    ])
  })

  test('two names are refused where they are one identifier, and nowhere else', () => {
    const rules = { maxBytes: 63, reserved: new Set<string>() }
    const text = fc.string({
      unit: fc.constantFrom('a', 'B', '1', '_', ' ', '\u00e9', 'e\u0301', '名'),
      minLength: 1,
      maxLength: 4,
    })
    fc.assert(
      fc.property(text, text, (one, other) => {
        fc.pre(one !== other && one.trim() !== '' && other.trim() !== '')
        const isOne = columnIdentifier(one, rules) === columnIdentifier(other, rules)
        expect(problemsOf(ACTIVATION, actions({ columns: [column(one), column(other)] }))).toHaveLength(isOne ? 1 : 0)
      }),
    )
  })

  test.each([
    '$',
    '$.',
    '.a',
    'a.',
    '[0]',
    '$[0]',
    '$properties',
    '$.a..b',
    'a..b',
    '$.a[x]',
    '$["a"]',
    '$.a]',
    '$..a',
  ])('%s is no path', (path) => {
    expect(problemsOf(ACTIVATION, actions({ columns: [column('plan', path)] }))).toEqual([
      `spec.storageActions.columns[0].path: ${JSON.stringify(path)} is not a path into the call: write keys with a dot between them, such as $.properties.plan or $.properties.items[0].id`,
    ])
  })

  test.each([
    '$.userId',
    'userId',
    'a',
    'properties.plan',
    'properties.items[0].id',
    '$.$a',
    '$.properties.a b',
    '$.properties.items[0].id',
    '$.a[0][1]',
    '$.会员',
  ])('%s is one', (path) => {
    expect(problemsOf(ACTIVATION, actions({ columns: [column('plan', path)] }))).toEqual([])
  })
})

test('every problem is found at once, whatever else is wrong', () => {
  const spec = {
    spaceRef: { name: 'Default' },
    computation: { computedTrait: 't' },
    storageActions: { table: 't', triggers: ['AudienceEntred'] },
    classic: {},
    suspended: true,
  }
  expect(problemsOf(ACTIVATION, spec)).toEqual([
    'spec.spaceRef.name: "Default" is not a resource name: write lower-case letters, digits and -, such as main-warehouse',
    'spec.destinationRef: is missing: write a map of fields',
    'spec.storageActions.triggers[0]: "AudienceEntred" must be AudienceEntered, AudienceExited, EntityAdded, EntityRemoved or JourneyStepEntered, did you mean AudienceEntered?',
    'spec.suspended: unknown field `suspended`, did you mean `suspend`?',
    `spec: ${ONE_STORAGE}`,
    'spec.storageActions: computed traits work with classic storage only: use classic',
  ])
})
