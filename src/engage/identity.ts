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
  notes: readonly NoteCode[]
}

/**
 * Identity and times of a call, by the rules of docs/data.md. `firstSeen` is the time (ISO 8601, UTC) for calls that
 * tell none. Without any of userId, anonymousId and groupId there is no identity.
 */
export function identify(call: Call, firstSeen: string): CallIdentity | 'NoIdentity' | 'IdTooLong' {
  const notes: NoteCode[] = []
  const userId = idText(call.userId, notes)
  const anonymousId = idText(call.anonymousId, notes)
  if (userId === undefined && anonymousId === undefined && idText(call.groupId, notes) === undefined) {
    return 'NoIdentity'
  }
  if (isTooLong(userId) || isTooLong(anonymousId)) return 'IdTooLong'
  const messageId = idText(call.messageId, notes)
  const originalTimestamp = time(call.originalTimestamp, notes)
  const told = time(call.timestamp, notes) ?? originalTimestamp
  const receivedAt = time(call.receivedAt, notes) ?? told ?? firstSeen
  return {
    id: messageId === undefined || isTooLong(messageId) ? madeId(call, notes) : messageId,
    receivedAt,
    timestamp: told ?? receivedAt,
    originalTimestamp,
    sentAt: time(call.sentAt, notes),
    userId,
    anonymousId,
    notes: notes.length === 0 ? NO_NOTES : notes,
  }
}

/** Far longer than any id, and short enough for every warehouse's index. */
const MAX_ID_CHARS = 512
const NO_NOTES: readonly NoteCode[] = []

/** An id is text or a number; it can be stored anywhere, since it is what rows are found by. */
function idText(value: unknown, notes: NoteCode[]): string | undefined {
  if (typeof value === 'number') return numberText(value)
  if (value instanceof ExactNumber) return value.toString()
  if (typeof value !== 'string' || value === '') return undefined
  const text = mendText(value, true)
  if (typeof text === 'string') return text
  notes.push(text.note)
  return text.text === '' ? undefined : text.text
}

const isTooLong = (id: string | undefined): boolean => id !== undefined && id.length > MAX_ID_CHARS

function time(value: unknown, notes: NoteCode[]): string | undefined {
  if (value === undefined || value === null) return undefined
  const text = timestampText(value)
  if (text === undefined) notes.push('InvalidTimestamp')
  return text
}

/** The same call has the same id whenever and however often it arrives. */
function madeId(call: Call, notes: NoteCode[]): string {
  notes.push('IdMade')
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
