import { expect, test } from 'vitest'
import type { Activation } from '../../src/model/activation.ts'
import { judge, judgeActivations } from '../../src/plan/validate.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from './resources.ts'

const IDENTIFIERS = { maxBytes: 63, reserved: new Set<string>() }
const OLD = { creationTimestamp: '2026-10-01T00:00:00Z' }

function verdicts(activations: Activation[], space = spaceOf(COMPUTATIONS)) {
  const found = judgeActivations(space, destinationOf(), activations, IDENTIFIERS)
  return Object.fromEntries([...found].map(([{ metadata }, verdict]) => [metadata.name, verdict?.reason]))
}

test('what a missing reference keeps waiting heals by itself; what a person must change is stalled', () => {
  const activation = activationOf('a', { computation: { audience: 'first_time_shopper' }, classic: {} })
  const unknown = activationOf('b', { computation: { audience: 'nothing' }, classic: {} })
  const unfit = activationOf('c', {
    computation: { audience: 'first_time_shopper' },
    storageActions: { table: 't', triggers: ['EntityAdded'] },
  })
  const space = spaceOf(COMPUTATIONS)
  expect(judge([activation]).get(activation)).toMatchObject({ consequence: 'Wait' })
  expect(judge([activation, destinationOf()]).get(activation)).toMatchObject({ reason: 'SpaceNotFound' })
  expect(judge([activation, destinationOf(), space]).get(activation)).toBeUndefined()
  expect(judge([unknown, destinationOf(), space]).get(unknown)).toMatchObject({
    reason: 'ComputationNotFound',
    consequence: 'Wait',
    message: expect.stringContaining('"nothing"'),
  })
  expect(judge([unfit, destinationOf(), space]).get(unfit)).toMatchObject({
    reason: 'TriggerMismatch',
    consequence: 'Stalled',
  })
})

test('what only the API server let through stops that activation alone, with its field', () => {
  const actions = (name: string, more: object) =>
    activationOf(name, {
      computation: { audience: 'abandoned_carts' },
      storageActions: { table: name, triggers: ['AudienceEntered'], ...more },
    })
  const column = (name: string) => ({ name, type: 'String', path: '$.a' })
  const found = judgeActivations(
    spaceOf(COMPUTATIONS),
    destinationOf(),
    [
      actions('bad', { mapping: { properties: { b: { '@bogus': 1 } } } }),
      actions('twice', { columns: [column('Foo'), column('foo')] }),
      actions('good', {}),
    ],
    IDENTIFIERS,
  )
  expect(Object.fromEntries([...found].map(([{ metadata }, verdict]) => [metadata.name, verdict]))).toEqual({
    bad: {
      reason: 'InvalidSpec',
      consequence: 'Stalled',
      message: expect.stringMatching(
        /^spec\.storageActions\.mapping\.properties\.b: @bogus is no directive: write one of /,
      ),
    },
    twice: {
      reason: 'InvalidSpec',
      consequence: 'Stalled',
      message:
        'spec.storageActions.columns[1].name: is the same column as "Foo", for both are foo: keep one of them, or write another name',
    },
    good: undefined,
  })
})

test('of two that send the same the older keeps it, whatever their order', () => {
  const spec = { computation: { audience: 'first_time_shopper' }, classic: {} }
  const young = activationOf('a-young', spec)
  const old = activationOf('z-old', spec, OLD)
  expect(verdicts([young, old])).toEqual({ 'a-young': 'Conflict', 'z-old': undefined })
  expect(verdicts([old, young])).toEqual({ 'a-young': 'Conflict', 'z-old': undefined })
  expect(verdicts([activationOf('a', spec), activationOf('b', spec)])).toEqual({ a: undefined, b: 'Conflict' })
})

test('identify and track calls of one computation can be two activations', () => {
  const computation = { audience: 'first_time_shopper' }
  const identify = activationOf('identify', { computation, classic: { calls: ['Identify'] } })
  const track = activationOf('track', { computation, classic: { calls: ['Track'] } })
  expect(verdicts([identify, track])).toEqual({ identify: undefined, track: undefined })
})

test('names that become one table or column in the warehouse are compared as such', () => {
  const actions = (name: string, table: string, column: object, meta = {}) =>
    activationOf(
      name,
      {
        computation: { audience: name === 'old' ? 'abandoned_carts' : 'first_time_shopper' },
        storageActions: { table, triggers: ['AudienceEntered'], columns: [column] },
      },
      meta,
    )
  const old = actions('old', 'myTable', { name: 'cartTotal', type: 'Float', path: '$.a' }, OLD)
  expect(verdicts([old, actions('young', 'my_table', { name: 'cart total', type: 'Integer', path: '$.a' })])).toEqual({
    old: undefined,
    young: 'Conflict',
  })
  expect(verdicts([old, actions('young', 'my_table', { name: 'cart total', type: 'Float', path: '$.a' })])).toEqual({
    old: undefined,
    young: undefined,
  })
})

test('entered and added, exited and removed are one in a table: a call may count as both', () => {
  const actions = (name: string, table: string, trigger: string, meta = {}) =>
    activationOf(
      name,
      { computation: { audience: 'abandoned_carts' }, storageActions: { table, triggers: [trigger] } },
      meta,
    )
  const old = actions('old', 'myTable', 'EntityAdded', OLD)
  expect(verdicts([old, actions('young', 'my_table', 'AudienceEntered')])).toMatchObject({ young: 'Conflict' })
  expect(verdicts([old, actions('young', 'my_table', 'EntityRemoved')])).toMatchObject({ young: undefined })
  expect(verdicts([old, actions('young', 'theirs', 'AudienceEntered')])).toMatchObject({ young: undefined })
})

test('two computations whose keys share a column must agree on its type', () => {
  const space = spaceOf({
    computedTraits: [
      { key: 'planName', type: 'String' },
      { key: 'plan_name', type: 'Integer' },
    ],
  })
  const one = activationOf('one', { computation: { computedTrait: 'planName' }, classic: { calls: ['Identify'] } })
  const two = activationOf('two', { computation: { computedTrait: 'plan_name' }, classic: { calls: ['Identify'] } })
  expect(verdicts([one, two], space)).toEqual({ one: undefined, two: 'Conflict' })
})
