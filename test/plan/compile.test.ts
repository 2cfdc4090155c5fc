import { describe, expect, test } from 'vitest'
import type { Activation } from '../../src/model/activation.ts'
import type { EngageSpace } from '../../src/model/space.ts'
import { compileWorkOrder } from '../../src/plan/compile.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from './resources.ts'

const RULES = { identifiers: { maxBytes: 63, reserved: new Set<string>() }, maxColumns: 500, installationId: 'here' }
const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const revenue = activationOf('revenue', { computation: { computedTrait: 'total_revenue_180_days' }, classic: {} })
const carts = (spec: object = {}, name = 'carts') =>
  activationOf(name, {
    computation: { audience: 'abandoned_carts' },
    storageActions: { table: 'Abandoned Carts', triggers: ['EntityAdded'], ...spec },
  })

function compile(activations: Activation[], space: EngageSpace = spaceOf(COMPUTATIONS), destination = destinationOf()) {
  const order = compileWorkOrder(space, destination, activations, RULES)
  const columns = Object.fromEntries(
    order.tables.map((table) => [`${table.schema}.${table.name}`, table.columns.map(({ name }) => name)]),
  )
  return { order, columns }
}

const EVENT = [
  'id',
  'received_at',
  'uuid_ts',
  'user_id',
  'anonymous_id',
  'event',
  'event_text',
  'sent_at',
  'timestamp',
  'original_timestamp',
]

describe('classic tables', () => {
  test('are those of the seed, standard columns first', () => {
    const { order, columns } = compile([shopper, revenue])
    expect(columns).toMatchObject({
      'engage_default.identifies': [
        'id',
        'received_at',
        'uuid_ts',
        'user_id',
        'anonymous_id',
        'sent_at',
        'timestamp',
        'original_timestamp',
        'first_time_shopper',
        'total_revenue_180_days',
      ],
      'engage_default.audience_entered': [...EVENT, 'audience_key', 'first_time_shopper'],
      'engage_default.audience_exited': [...EVENT, 'audience_key', 'first_time_shopper'],
      'engage_default.trait_computed': [...EVENT, 'total_revenue_180_days', 'trait_key'],
    })
    expect(order.tables.find(({ name }) => name === 'identifies')?.key).toEqual(['id'])
    expect(order.classic?.activations.map(({ name }) => name)).toEqual(['revenue', 'shopper'])
    expect(order.owner).toEqual({ id: 'here/EngageSpace/default/main', uid: 'uid-of-main' })
  })

  test('users and its twin have every computation of the space, before there is any activation', () => {
    const { columns } = compile([])
    const traits = ['abandoned_carts', 'first_time_shopper', 'total_revenue_180_days', 'welcome']
    expect(columns['engage_default.users']).toEqual(['id', 'user_id', 'received_at', 'uuid_ts', ...traits])
    expect(columns['engageops.users_of_engage_default']).toEqual([
      'user_id',
      'trait_set',
      'received_at',
      'timestamp',
      'id',
      ...traits,
    ])
    expect(columns).not.toHaveProperty('engage_default.identifies')
  })

  test('a space without computations has no classic storage', () => {
    const { order } = compile([], spaceOf())
    expect(order.classic).toBeUndefined()
    expect(new Set(order.tables.map(({ schema }) => schema))).toEqual(new Set(['engageops']))
  })

  test('activations that share an event name share its table', () => {
    const space = spaceOf({ audiences: [{ key: 'a' }, { key: 'b' }] })
    const one = activationOf('one', { computation: { audience: 'a' }, classic: { calls: ['Track'] } })
    const two = activationOf('two', {
      computation: { audience: 'b' },
      classic: { calls: ['Track'], eventNames: { exited: 'Left B' } },
    })
    const { columns } = compile([two, one], space)
    expect(columns['engage_default.audience_entered']).toEqual([...EVENT, 'a', 'audience_key', 'b'])
    expect(columns['engage_default.audience_exited']).toEqual([...EVENT, 'a', 'audience_key'])
    expect(columns['engage_default.left_b']).toEqual([...EVENT, 'audience_key', 'b'])
    expect(columns).not.toHaveProperty('engage_default.identifies')
  })

  test('a journey of steps has no event table before its first event, one of audiences has', () => {
    const space = spaceOf({ journeys: [{ key: 'welcome' }, { key: 'j_o_first__opened' }] })
    const steps = compile([activationOf('steps', { computation: { journey: 'welcome' }, classic: {} })], space)
    expect(steps.columns).not.toHaveProperty('engage_default.audience_entered')
    const first = compile(
      [activationOf('first', { computation: { journey: 'j_o_first__opened' }, classic: {} })],
      space,
    )
    expect(first.columns['engage_default.audience_entered']).toEqual([...EVENT, 'audience_key', 'j_o_first_opened'])
  })

  test('names follow Segment: the spelling is kept, standard columns stay free, earlier names are mapped too', () => {
    const space = spaceOf({
      computedTraits: [
        { key: 'userName', type: 'String', previousNames: ['userLogin'] },
        { key: 'received_at', type: 'Timestamp' },
      ],
    })
    const { order } = compile([], space)
    expect(order.tables.find(({ name }) => name === 'users')?.columns.slice(4)).toEqual([
      { name: '_received_at', type: 'Timestamp', origin: 'Declared', source: 'received_at' },
      { name: 'user_name', type: 'String', origin: 'Declared', source: 'userName', previousNames: ['user_login'] },
    ])
  })

  test('schemas can be chosen, to adopt those that exist', () => {
    const space = spaceOf({
      ...COMPUTATIONS,
      destinations: [{ name: 'warehouse', schemas: { classic: 'old_classic', storageActions: 'old_actions' } }],
    })
    const { columns } = compile([shopper, carts()], space)
    expect(Object.keys(columns)).toEqual(expect.arrayContaining(['old_classic.users', 'old_actions.abandoned_carts']))
  })

  test('the last column of a full table is left for the overflow', () => {
    const traits = Array.from({ length: 40 }, (_, index) => ({ key: `t${10 + index}`, type: 'Integer' }))
    const { columns } = compile(
      [],
      spaceOf({ computedTraits: traits }),
      destinationOf({ schemaPolicy: { maxColumns: 20 } }),
    )
    expect(columns['engage_default.users']).toHaveLength(19)
  })
})

describe('tables of storage actions', () => {
  test('have the columns of the default mapping, and the declared ones', () => {
    const { order, columns } = compile([
      carts({ columns: [{ name: 'cart total', type: 'Decimal', path: '$.properties.total' }] }),
    ])
    expect(columns['default.abandoned_carts']).toEqual([
      'id',
      'received_at',
      'uuid_ts',
      'audience_key',
      'cart_total',
      'entity_context',
      'event_name',
      'personas_activation_id',
      'personas_computation_id',
      'personas_computation_key',
      'personas_computation_run_id',
      'user_id',
    ])
    expect(order.storageActions[0]).toMatchObject({
      table: { schema: 'default', name: 'abandoned_carts' },
      columns: [{ name: 'cart_total', type: 'Decimal', path: '$.properties.total' }],
    })
  })

  test('a declared column of a standard name gets a prefix, in the table and in the order', () => {
    const { order, columns } = compile([carts({ columns: [{ name: 'id', type: 'String', path: '$.properties.id' }] })])
    expect(columns['default.abandoned_carts']?.slice(0, 4)).toEqual(['id', 'received_at', 'uuid_ts', '_id'])
    expect(order.storageActions[0]?.columns).toMatchObject([{ name: '_id' }])
  })

  test('of an own mapping: what can only be text is there from the start', () => {
    const mapping = {
      properties: {
        cart: { '@json': { mode: 'encode', value: { '@path': '$.properties.cart' } } },
        title: { '@template': '{{properties.name}}' },
        fixed: 'yes',
        literal: { '@literal': 'x' },
        number: { '@literal': 3 },
        anything: { '@path': '$.properties.x' },
      },
    }
    expect(compile([carts({ mapping })]).columns['default.abandoned_carts']).toEqual([
      'id',
      'received_at',
      'uuid_ts',
      'cart',
      'fixed',
      'literal',
      'title',
    ])
  })

  test('a table that several activations name has the columns of all', () => {
    const mapping = { properties: { a: 'x' } }
    const one = carts({ mapping })
    const two = carts({ mapping: { properties: { b: 'x' } }, triggers: ['EntityRemoved'] }, 'other')
    expect(compile([one, two]).columns['default.abandoned_carts']).toEqual(['id', 'received_at', 'uuid_ts', 'a', 'b'])
  })
})

test('suspended, invalid, deleted and other pairs’ activations have no part in the order', () => {
  const out = [
    activationOf('suspended', { computation: { audience: 'first_time_shopper' }, classic: {}, suspend: true }),
    activationOf('unknown', { computation: { audience: 'nothing' }, classic: {} }),
    activationOf('elsewhere', {
      computation: { audience: 'first_time_shopper' },
      classic: {},
      destinationRef: { name: 'lake' },
    }),
    activationOf(
      'deleted',
      { computation: { audience: 'first_time_shopper' }, classic: {} },
      { deletionTimestamp: 'now' },
    ),
    activationOf('foreign', { computation: { audience: 'first_time_shopper' }, classic: {} }, { namespace: 'other' }),
  ]
  const { order } = compile(out)
  expect(order.classic?.activations).toEqual([])
  expect(order.storageActions).toEqual([])
})
