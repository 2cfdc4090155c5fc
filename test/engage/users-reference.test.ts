import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeUsers, type UserCall } from './users-reference.ts'

const call = (seconds: string, traits: Record<string, unknown>, changes: Partial<UserCall> = {}): UserCall => ({
  userId: 'u1',
  id: `m${seconds}`,
  receivedAt: `2024-05-03T00:00:${seconds}Z`,
  timestamp: '2024-05-03T00:00:00Z',
  traits,
  ...changes,
})
const traitsOf = (calls: UserCall[]) => mergeUsers(calls).get('u1')?.traits

test('every trait has a clock of its own: a late value wins over older ones of the same trait only', () => {
  expect(traitsOf([call('10', { a: 1 }), call('20', { b: 2 }), call('15', { a: 3 })])).toEqual({ a: 3, b: 2 })
  expect(traitsOf([call('20', { a: 1, b: 2 }), call('15', { a: 3, c: 4 })])).toEqual({ a: 1, b: 2, c: 4 })
})

test('null overwrites nothing', () => {
  expect(traitsOf([call('10', { a: 1 }), call('20', { a: null, b: undefined })])).toEqual({ a: 1 })
})

test('at one received_at the timestamp decides, then the id', () => {
  const early = call('10', { a: 1 }, { id: 'z', timestamp: '2024-05-03T00:00:00.5Z' })
  const late = call('10', { a: 2 }, { id: 'b', timestamp: '2024-05-03T00:00:00.75Z' })
  expect(traitsOf([late, early])).toEqual({ a: 2 })
  expect(traitsOf([{ ...late, id: 'c', traits: { a: 3 } }, late])).toEqual({ a: 3 })
})

test('a fraction is later than none, and its zeros mean nothing', () => {
  expect(traitsOf([call('10.5', { a: 2 }), call('10', { a: 1 })])).toEqual({ a: 2 })
  expect(traitsOf([call('10.50', { a: 2 }, { id: 'b' }), call('10.5', { a: 1 }, { id: 'a' })])).toEqual({ a: 2 })
})

test('the row is received with its latest call', () => {
  expect(mergeUsers([call('20', {}), call('10', { a: 1 })])).toEqual(
    new Map([['u1', { receivedAt: '2024-05-03T00:00:20Z', traits: { a: 1 } }]]),
  )
})

test('the order of calls does not matter', () => {
  const calls = fc.uniqueArray(
    fc.record({
      userId: fc.constantFrom('u1', 'u2'),
      id: fc.string({ minLength: 1, maxLength: 4 }),
      receivedAt: fc.constantFrom('2024-05-03T00:00:10Z', '2024-05-03T00:00:10.5Z', '2024-05-03T00:00:11Z'),
      timestamp: fc.constantFrom('2024-05-03T00:00:00Z', '2024-05-03T00:00:01Z'),
      traits: fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.option(fc.integer()), { noNullPrototype: true }),
    }),
    { selector: ({ id }) => id },
  )
  const shuffled = calls.chain((list) =>
    fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
  )
  fc.assert(
    fc.property(shuffled, ([list, other]) => {
      expect(mergeUsers(other)).toEqual(mergeUsers(list))
    }),
  )
})

test('merging what is merged changes nothing: a call that loses every trait can be forgotten', () => {
  const winner = call('20', { a: 1 })
  expect(mergeUsers([winner, call('10', { a: 2 })])).toEqual(mergeUsers([winner]))
})
