import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Call } from '../../src/engage/call.ts'
import { ExactNumber } from '../../src/engage/exact-number.ts'
import { type CallIdentity, identify } from '../../src/engage/identity.ts'

const FIRST_SEEN = '2024-05-04T00:00:00Z'
const full: Call = {
  type: 'identify',
  messageId: 'personas_1',
  userId: 'u1',
  anonymousId: 'a1',
  originalTimestamp: '2024-05-03T19:42:50.066179717Z',
  timestamp: '2024-05-03T19:42:50.066Z',
  sentAt: null,
  receivedAt: '2024-05-03T19:42:59.762Z',
  traits: { vip: true, email: 'u1@example.com' },
}
const identityOf = (changes: Call, base = full): CallIdentity => {
  const identity = identify({ ...base, ...changes }, FIRST_SEEN)
  if (typeof identity === 'string') throw new Error(identity)
  return identity
}

test('a whole call is taken as it stands', () => {
  expect(identify(full, FIRST_SEEN)).toEqual({
    id: 'personas_1',
    receivedAt: '2024-05-03T19:42:59.762Z',
    timestamp: '2024-05-03T19:42:50.066Z',
    originalTimestamp: '2024-05-03T19:42:50.066179Z',
    sentAt: undefined,
    userId: 'u1',
    anonymousId: 'a1',
    notes: [],
    lostTimes: [],
  })
})

describe('ids', () => {
  test('are text, whatever they come as', () => {
    expect(identityOf({ userId: 42, messageId: 7 })).toMatchObject({ userId: '42', id: '7', notes: [] })
    expect(identityOf({ userId: new ExactNumber('9007199254740993') }).userId).toBe('9007199254740993')
    expect(identityOf({ userId: '' }).userId).toBeUndefined()
    expect(identityOf({ userId: { id: 1 } }).userId).toBeUndefined()
    expect(identityOf({ messageId: 'm'.repeat(300) }).id).toHaveLength(300)
  })

  test('can be stored anywhere', () => {
    const { id, userId, notes } = identityOf({ userId: 'u\u00001', messageId: 'm\ud800' })
    expect([id, userId]).toEqual(['m\ufffd', 'u1'])
    expect(notes).toEqual([
      { column: 'user_id', note: 'NulRemoved', value: 'u\u00001' },
      { column: 'id', note: 'InvalidUnicode', value: 'm\ud800' },
    ])
  })

  test('one of user, anonymous and group is needed', () => {
    const nobody: Call = { ...full, userId: null, anonymousId: undefined }
    expect(identify(nobody, FIRST_SEEN)).toBe('NoIdentity')
    expect(identify({ ...nobody, userId: '\0' }, FIRST_SEEN)).toBe('NoIdentity')
    expect(identityOf({ groupId: 'g1' }, nobody)).toMatchObject({ userId: undefined, anonymousId: undefined })
    expect(identityOf({ anonymousId: 'a1' }, nobody).anonymousId).toBe('a1')
  })
})

describe('a call without messageId', () => {
  const { messageId: _, ...bare } = full

  test('gets an id from its content, and a note', () => {
    const { id, notes } = identityOf({}, bare)
    expect(id).toBe('eo_52866f203933c3d4139aef61b8a0c969')
    expect(notes).toMatchObject([{ note: 'IdMade' }])
  })

  test('has the same id when it comes again', () => {
    const { id } = identityOf({}, bare)
    expect(identityOf({ receivedAt: '2025-01-01T00:00:00Z', sentAt: '2025-01-01T00:00:00Z' }, bare).id).toBe(id)
    expect(identityOf({ traits: { email: 'u1@example.com', vip: true } }, bare).id).toBe(id)
    expect(identityOf({ traits: { email: 'u1@example.com', vip: false } }, bare).id).not.toBe(id)
  })

  test('shares the id only with calls of the same content', () => {
    const traits = fc.dictionary(fc.string(), fc.jsonValue())
    fc.assert(
      fc.property(traits, traits, (one, other) => {
        const shuffled = Object.fromEntries(Object.entries(one).reverse())
        const { id } = identityOf({ traits: one }, bare)
        expect(identityOf({ traits: shuffled }, bare).id).toBe(id)
        const same = JSON.stringify(sorted(one)) === JSON.stringify(sorted(other))
        expect(identityOf({ traits: other }, bare).id === id).toBe(same)
      }),
    )
  })
})

describe('times', () => {
  const timeless: Call = { userId: 'u1', messageId: 'm1' }

  test('stand in for each other', () => {
    expect(identityOf({ timestamp: '2024-01-01', originalTimestamp: '2023-01-01' }, timeless)).toMatchObject({
      receivedAt: '2024-01-01T00:00:00Z',
      timestamp: '2024-01-01T00:00:00Z',
    })
    expect(identityOf({ originalTimestamp: '2023-01-01' }, timeless)).toMatchObject({
      receivedAt: '2023-01-01T00:00:00Z',
      timestamp: '2023-01-01T00:00:00Z',
    })
    expect(identityOf({ receivedAt: '2022-01-01' }, timeless).timestamp).toBe('2022-01-01T00:00:00Z')
    expect(identityOf({}, timeless)).toMatchObject({ receivedAt: FIRST_SEEN, timestamp: FIRST_SEEN, notes: [] })
  })

  test('that are none are passed over, and each is told with its column and its value', () => {
    const identity = identityOf({ receivedAt: '2026-02-30T00:00:00Z', timestamp: 12, sentAt: 'soon' })
    expect(identity.receivedAt).toBe('2024-05-03T19:42:50.066179Z')
    expect(identity.sentAt).toBeUndefined()
    expect(identity.lostTimes).toEqual([
      { column: 'timestamp', note: 'InvalidTimestamp', value: 12 },
      { column: 'received_at', note: 'ReceivedWhenSent', value: '2026-02-30T00:00:00Z' },
      { column: 'sent_at', note: 'InvalidTimestamp', value: 'soon' },
    ])
  })

  test('when no time of the call can be read, it was received when its file was first seen', () => {
    const identity = identityOf({ receivedAt: 'today', timestamp: 'yesterday' }, timeless)
    expect(identity.receivedAt).toBe(FIRST_SEEN)
    expect(identity.lostTimes.map(({ column, note }) => `${column} ${note}`)).toEqual([
      'timestamp InvalidTimestamp',
      'received_at ReceivedWhenSeen',
    ])
  })
})

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, item]) => [[key], sorted(item)])
}
