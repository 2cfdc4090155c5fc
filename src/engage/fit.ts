import type { LogicalType } from '../model/table.ts'
import { numberText, plainDecimal } from './decimal.ts'
import { ExactNumber } from './exact-number.ts'
import { jsonText } from './json-text.ts'
import { int64Text, isInt64 } from './logical-type.ts'
import type { NoteCode } from './notes.ts'
import { type MendedText, mendText } from './text.ts'
import { timestampText } from './timestamp.ts'

/** What a warehouse can store; its Capabilities are one. */
export interface FitTarget {
  /** Float columns keep any decimal text exactly; elsewhere they are IEEE doubles, and Decimal has 38 digits. */
  exactFloat: boolean
  /** U+0000 cannot be stored in text. */
  rejectsNul: boolean
  /** Largest text in bytes; absent: no limit that a call could reach. */
  maxTextBytes?: number
}

/** A value that is loaded changed, or (text null) not at all. */
export interface Changed {
  text: string | null
  note: NoteCode
  /** Whether the original is to be kept in discards. */
  keep: boolean
}

/** The text of a cell, unescaped; null for no value. */
export type Fitted = string | null | Changed

const DECIMAL_SCALE = 18
const DECIMAL_PRECISION = 38

/**
 * The text that a value has in a column of the type. Nothing is coerced: a value of another type does not fit, and only
 * String and Json take everything.
 */
export function fit(value: unknown, type: LogicalType, target: FitTarget): Fitted {
  if (value === null || value === undefined || typeof value === 'function') return null
  switch (type) {
    case 'String':
      return typeof value === 'string' ? fitText(value, target) : fitAsText(value, target)
    case 'Integer':
      return fitInteger(value)
    case 'Float':
      return fitFloat(value, target)
    case 'Boolean':
      return typeof value === 'boolean' ? (value ? 'true' : 'false') : lost('NotABoolean')
    case 'Timestamp':
      return timestampText(value) ?? lost('InvalidTimestamp')
    case 'Decimal':
      return fitDecimal(value, target)
    case 'Json':
      return limited(jsonText(value, target.rejectsNul), target)
  }
}

const lost = (note: NoteCode): Changed => ({ text: null, note, keep: true })

function fitText(text: string, target: FitTarget): Fitted {
  return limited(mendText(text, target.rejectsNul), target)
}

function fitAsText(value: unknown, target: FitTarget): Fitted {
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : lost('NotANumber')
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (value instanceof ExactNumber) return limited(value.toString(), target)
  return limited(jsonText(value, target.rejectsNul), target)
}

function limited(text: string | MendedText, { maxTextBytes }: FitTarget): Fitted {
  const content = typeof text === 'string' ? text : text.text
  // A UTF-16 unit is at most three bytes of UTF-8.
  if (maxTextBytes !== undefined && content.length * 3 > maxTextBytes && Buffer.byteLength(content) > maxTextBytes) {
    return lost('TextTooLong')
  }
  return typeof text === 'string' ? text : { ...text, keep: false }
}

function fitInteger(value: unknown): Fitted {
  if (typeof value === 'number') {
    if (isInt64(value)) return `${value}`
    return lost(Number.isInteger(value) ? 'IntegerOutOfRange' : 'NotAnInteger')
  }
  if (!(value instanceof ExactNumber)) return lost('NotAnInteger')
  const text = int64Text(value)
  if (text !== undefined) return text
  return lost(plainDecimal(value.text)?.includes('.') ? 'NotAnInteger' : 'IntegerOutOfRange')
}

function fitFloat(value: unknown, target: FitTarget): Fitted {
  if (typeof value === 'number') return Number.isFinite(value) ? numberText(value) : lost('NotANumber')
  if (!(value instanceof ExactNumber)) return lost('NotANumber')
  const rounded = Number(value.text)
  if (!Number.isFinite(rounded)) return lost('NumberOutOfRange')
  if (!target.exactFloat) return { text: numberText(rounded), note: 'InexactFloat', keep: true }
  return plainDecimal(value.text) ?? lost('NumberOutOfRange')
}

function fitDecimal(value: unknown, target: FitTarget): Fitted {
  let text: string | undefined
  if (value instanceof ExactNumber) text = plainDecimal(value.text)
  else if (typeof value === 'number' && Number.isFinite(value)) text = numberText(value)
  else return lost('NotANumber')
  if (text === undefined) return lost('NumberOutOfRange')
  return target.exactFloat || hasDecimalScale(text) ? text : lost('DecimalOutOfRange')
}

/** Whether plain decimal text has at most 20 digits before the point and 18 after it. */
function hasDecimalScale(text: string): boolean {
  const start = text.startsWith('-') ? 1 : 0
  const point = text.indexOf('.')
  const whole = (point < 0 ? text.length : point) - start
  const fraction = point < 0 ? 0 : text.length - point - 1
  return whole <= DECIMAL_PRECISION - DECIMAL_SCALE && fraction <= DECIMAL_SCALE
}
