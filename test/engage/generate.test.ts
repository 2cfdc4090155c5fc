import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { CALL_KINDS, GENERATED_KEYS, type GenerateOptions, generateCalls } from '../../src/engage/generate.ts'
import { identify } from '../../src/engage/identity.ts'
import { inferType } from '../../src/engage/logical-type.ts'
import { parseCall } from '../../src/engage/parse-call.ts'

const options: GenerateOptions = {
  seed: 1,
  count: 600,
  users: 50,
  properties: 20,
  kinds: CALL_KINDS,
  start: new Date('2025-01-01T00:00:00Z'),
}
const callsOf = (changes: Partial<GenerateOptions> = {}) =>
  [...generateCalls({ ...options, ...changes })].map((line) => {
    const parsed = parseCall(line)
    if ('error' in parsed) throw new Error(parsed.error)
    return parsed.call
  })

test('the seed decides every byte', () => {
  const digest = (seed: number) =>
    createHash('sha256')
      .update([...generateCalls({ ...options, seed })].join('\n'))
      .digest('hex')
  expect(digest(1)).toBe(digest(1))
  expect(digest(2)).not.toBe(digest(1))
  expect(digest(1)).toBe('1dca80f9370df60d0ec2cb177ecc2e3409064ec866e4d132046602c850fb6440')
})

test('every call has an identity of its own, in order of time', () => {
  const calls = callsOf()
  const identities = calls.map((call) => identify(call, ''))
  const times = identities.map((identity) => (typeof identity === 'string' ? '' : identity.timestamp))
  expect(identities).not.toContain('NoIdentity')
  expect(identities).toSatisfy((list: typeof identities) =>
    list.every((one) => typeof one !== 'string' && one.notes.length === 0),
  )
  expect(new Set(calls.map((call) => call.messageId)).size).toBe(600)
  expect(times).toEqual(times.toSorted())
  expect(times.at(0)).toBe('2025-01-01T00:00:00.000Z')
  expect(times.at(-1)).toBe('2025-01-01T00:00:05.990Z')
  expect(calls.every((call) => String(call.receivedAt) > String(call.timestamp))).toBe(true)
  expect(new Set(calls.map((call) => call.userId)).size).toBe(50)
})

describe.each(CALL_KINDS)('%s', (kind) => {
  const calls = callsOf({ kinds: [kind], count: 50 })
  const isIdentify = kind.endsWith('Identify')

  test('has the shape that Engage sends', () => {
    for (const call of calls) {
      expect(call).toMatchObject({
        type: isIdentify ? 'identify' : 'track',
        userId: expect.stringMatching(/^u\d+$/),
        sentAt: null,
        originalTimestamp: expect.stringMatching(/^2025-01-01T00:00:\d\d\.\d{9}Z$/),
        context: { personas: { space_id: expect.stringMatching(/^spa_/) } },
      })
      if (!isIdentify) expect(call.event).toEqual(expect.any(String))
    }
  })

  test('has as many further properties as asked for, of four types', () => {
    const body = isIdentify ? 'traits' : 'properties'
    const few = callsOf({ kinds: [kind], count: 50, properties: 0 })
    for (const [index, call] of calls.entries()) {
      const keys = Object.keys(Object(call[body]))
      expect(keys.length - Object.keys(Object(few[index]?.[body])).length).toBe(20)
    }
    const { orders, average_order, newsletter, plan } = Object(calls[0]?.[body])
    expect([orders, average_order, newsletter, plan].map(inferType)).toEqual([
      'Integer',
      expect.stringMatching(/Float|Integer/),
      'Boolean',
      'String',
    ])
  })
})

test('calls carry the key of their computation', () => {
  const [entered] = callsOf({ kinds: ['AudienceTrack'], count: 1 })
  const key = GENERATED_KEYS.audience
  expect(entered).toMatchObject({
    event: expect.stringMatching(/^Audience (Entered|Exited)$/),
    properties: { audience_key: key, [key]: expect.any(Boolean) },
    context: { personas: { computation_class: 'audience', computation_key: key } },
  })
  const [trait] = callsOf({ kinds: ['TraitIdentify'], count: 1 })
  expect(trait).toMatchObject({ traits: { [GENERATED_KEYS.computedTrait]: expect.any(Number) } })
  const [linked] = callsOf({ kinds: ['LinkedAudienceTrack'], count: 1 })
  expect(linked).toMatchObject({ properties: { data_graph_entity_context: { __entity: 'cart' } } })
  const [journey] = callsOf({ kinds: ['JourneyTrack'], count: 1 })
  expect(journey).toMatchObject({
    context: { personas: { computation_key: expect.stringMatching(new RegExp(`^${GENERATED_KEYS.journey}__`)) } },
  })
})
