import { asObject, type Call } from './call.ts'
import { isSameNumber } from './decimal.ts'
import { ExactNumber } from './exact-number.ts'

export type ParsedCall = { call: Call } | { error: string }

/** Deepest nesting of a call: far more than any has, far less than what overflows the stack of what reads it. */
const MAX_DEPTH = 1000

/** Finds every number that may have more than the 15 digits that a double always gives back, or an exponent. */
const LONG_NUMBER = /[:,[\s]-?(?:[\d.]{16}|\d[\d.]*[eE])/

/**
 * A line as a call. Numbers that a JavaScript number cannot give back become ExactNumber; of equal keys the last wins;
 * a key `__proto__` is a key like others. The error says what the line is instead.
 */
export function parseCall(line: string): ParsedCall {
  if (isTooDeep(line)) return { error: `nested deeper than ${MAX_DEPTH} levels` }
  let value: unknown
  try {
    value = parseJson(line)
  } catch (thrown) {
    return { error: `not JSON: ${thrown instanceof Error ? thrown.message : String(thrown)}` }
  }
  const call = asObject(value)
  return call && !(call instanceof ExactNumber) ? { call } : { error: `not a JSON object but ${kindOf(value)}` }
}

/** JSON.parse that keeps numbers exact. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  return mayLoseDigits(text) ? JSON.parse(text, reviveExactly) : JSON.parse(text)
}

/** First what costs next to nothing and is rarely true, then what is exact. */
function mayLoseDigits(text: string): boolean {
  if (!startsNested(text)) return true
  return (hasLongRun(text) || FAR_EXPONENT.test(text)) && LONG_NUMBER.test(text)
}

/** Only with three digits can an exponent leave the range of a double; with fewer digits all numbers stay exact. */
const FAR_EXPONENT = /\d[eE][+-]?\d{3}/

const RUN = 16

/** Whether 16 digits and points stand side by side: such a run has one at a multiple of 16, so only those are looked at. */
function hasLongRun(text: string): boolean {
  for (let i = RUN - 1; i < text.length; i += RUN) {
    if (!isDigitOrPoint(text, i)) continue
    let start = i
    while (start > 0 && isDigitOrPoint(text, start - 1)) start--
    let end = i + 1
    while (end < text.length && isDigitOrPoint(text, end)) end++
    if (end - start >= RUN) return true
  }
  return false
}

function isDigitOrPoint(text: string, index: number): boolean {
  const code = text.charCodeAt(index)
  return (code >= 0x30 && code <= 0x39) || code === 0x2e
}

function reviveExactly(_key: string, value: unknown, { source }: { source?: string }): unknown {
  if (typeof value !== 'number' || source === undefined || isSameNumber(source, `${value}`)) return value
  return new ExactNumber(source)
}

/** Whether the number, if the text is one, would stand behind a character that LONG_NUMBER looks for. */
const startsNested = (text: string): boolean => text.startsWith('{') || text.startsWith('[')

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  return typeof value === 'string' ? 'a string' : typeof value === 'boolean' ? 'a boolean' : 'a number'
}

function isTooDeep(line: string): boolean {
  if (line.length < 2 * MAX_DEPTH || !hasManyOpenings(line)) return false
  let depth = 0
  let inString = false
  for (let i = 0; i < line.length; i++) {
    const code = line.charCodeAt(i)
    if (inString) {
      if (code === 0x5c) i++
      else if (code === 0x22) inString = false
    } else if (code === 0x22) inString = true
    else if (code === 0x7b || code === 0x5b) {
      if (++depth > MAX_DEPTH) return true
    } else if (code === 0x7d || code === 0x5d) depth--
  }
  return false
}

/** Whether there are as many brackets as levels allowed: found without looking at every character. */
function hasManyOpenings(line: string): boolean {
  let left = MAX_DEPTH
  for (const bracket of ['{', '[']) {
    for (let at = line.indexOf(bracket); at >= 0; at = line.indexOf(bracket, at + 1)) if (--left < 0) return true
  }
  return false
}
