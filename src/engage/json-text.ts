import { plainDecimal } from './decimal.ts'
import { ExactNumber } from './exact-number.ts'
import type { NoteCode } from './notes.ts'
import { type MendedText, mendText } from './text.ts'

/** What JSON.stringify writes for U+0000 and lone surrogates, and numbers that may be beyond all bounds. */
const SUSPICIOUS = /\\u0000|\\ud[89a-f]|\d[eE][+-]?\d{4}/
const SHORT = 16_384

/**
 * A value as JSON text that JSON types of warehouses take: with exact numbers, without lone surrogates and, where the
 * warehouse rejects it, without U+0000. A number too long to write out becomes text.
 */
export function jsonText(value: unknown, rejectsNul: boolean): string | MendedText {
  const text = JSON.stringify(value)
  if (text.length < SHORT && !SUSPICIOUS.test(text)) return text
  const mender = new Mender(rejectsNul)
  const mended = JSON.stringify(mender.mend(value))
  return mender.note === undefined ? text : { text: mended, note: mender.note }
}

class Mender {
  note: NoteCode | undefined
  readonly #rejectsNul: boolean

  constructor(rejectsNul: boolean) {
    this.#rejectsNul = rejectsNul
  }

  mend(value: unknown): unknown {
    if (typeof value === 'string') return this.#mendText(value)
    if (typeof value !== 'object' || value === null) return value
    if (value instanceof ExactNumber) {
      if (plainDecimal(value.text) !== undefined) return value
      this.note = 'NumberOutOfRange'
      return value.text
    }
    if (Array.isArray(value)) return value.map((item) => this.mend(item))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.#mendText(key), this.mend(item)]))
  }

  #mendText(text: string): string {
    const mended = mendText(text, this.#rejectsNul)
    if (typeof mended === 'string') return mended
    this.note = mended.note
    return mended.text
  }
}
