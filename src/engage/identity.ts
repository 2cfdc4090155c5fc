import { hash } from 'node:crypto'
import type { Call } from './call.ts'
import { numberText } from './decimal.ts'
import { ExactNumber } from './exact-number.ts'
import type { NoteCode } from './notes.ts'
import { mendText } from './text.ts'
import { timestampText } from './timestamp.ts'

/** Who a call is about and when it was, as the standard columns hold it. Times are ISO 8601 in UTC with `Z`. */
export interface CallIdentity {
  id: string
  receivedAt: string
  timestamp: string
  originalTimestamp: string | undefined
  sentAt: string | undefined
  userId: string | undefined
  anonymousId: string | undefined
  /** How ids were changed. */
  notes: readonly IdentityNote[]
  /** Times of the call that are none. */
  lostTimes: readonly IdentityNote[]
}

/** A value of the call that its standard column could not take as it stands. */
export interface IdentityNote {
  /** Empty where the note names the field itself. */
  column: string
  note: NoteCode
  value: unknown
}

/**
 * Identity and times of a call, by the rules of docs/data.md. `firstSeen` is the time (ISO 8601, UTC) for calls that
 * tell none. Without any of userId, anonymousId and groupId there is no identity.
 */
export function identify(call: Call, firstSeen: string): CallIdentity | 'NoIdentity' | 'IdTooLong' {
  const notes: IdentityNote[] = []
  const userId = idText('user_id', call.userId, notes)
  const anonymousId = idText('anonymous_id', call.anonymousId, notes)
  if (userId === undefined && anonymousId === undefined && idText('group_id', call.groupId, notes) === undefined) {
    return 'NoIdentity'
  }
  if (isTooLong(userId) || isTooLong(anonymousId)) return 'IdTooLong'
  const messageId = idText('id', call.messageId, notes)
  const lostTimes: IdentityNote[] = []
  const time = (column: string, value: unknown, note: NoteCode = 'InvalidTimestamp'): string | undefined => {
    if (value === undefined || value === null) return undefined
    const text = timestampText(value)
    if (text === undefined) lostTimes.push({ column, note, value })
    return text
  }
  const originalTimestamp = time('original_timestamp', call.originalTimestamp)
  const told = time('timestamp', call.timestamp) ?? originalTimestamp
  const instead = told === undefined ? 'ReceivedWhenSeen' : 'ReceivedWhenSent'
  const receivedAt = time('received_at', call.receivedAt, instead) ?? told ?? firstSeen
  return {
    id: messageId === undefined || isTooLong(messageId) ? madeId(call, notes) : messageId,
    receivedAt,
    timestamp: told ?? receivedAt,
    originalTimestamp,
    sentAt: time('sent_at', call.sentAt),
    userId,
    anonymousId,
    notes,
    lostTimes,
  }
}

/** Far longer than any id, and short enough for every warehouse's index. */
const MAX_ID_CHARS = 512

/** An id is text or a number; it can be stored anywhere, since it is what rows are found by. */
function idText(column: string, value: unknown, notes: IdentityNote[]): string | undefined {
  if (typeof value === 'number') return numberText(value)
  if (value instanceof ExactNumber) return value.toString()
  if (typeof value !== 'string' || value === '') return undefined
  const text = mendText(value, true)
  if (typeof text === 'string') return text
  notes.push({ column, note: text.note, value })
  return text.text === '' ? undefined : text.text
}

const isTooLong = (id: string | undefined): boolean => id !== undefined && id.length > MAX_ID_CHARS

/** The same call has the same id whenever and however often it arrives. */
function madeId(call: Call, notes: IdentityNote[]): string {
  notes.push({ column: '', note: 'IdMade', value: call.messageId })
  const { receivedAt: _, sentAt: __, ...content } = call
  return `eo_${hash('sha256', canonicalJson(content), 'hex').slice(0, 32)}`
}

/** JSON text with the keys of objects in order. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (typeof value !== 'object' || value === null || value instanceof ExactNumber) return JSON.stringify(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonicalJson(item)}`).join()}}`
}
