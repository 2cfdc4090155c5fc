/** `YYYY-MM-DD`, then perhaps a time, its fraction and its offset. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?([Zz]|[+-]\d\d(?::?\d\d)?))?)?$/
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
const MAX_LENGTH = '2024-05-03T19:42:50.066179Z'.length

/**
 * An ISO 8601 date or date-time as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z` in UTC: without an offset it is UTC already, what is
 * finer than a microsecond is cut. Undefined for anything that is no time of the years 1 to 9999, such as 2026-02-30 or
 * a leap second.
 */
export function timestampText(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined
  if (isCanonical(value)) return value.length <= MAX_LENGTH ? value : `${value.slice(0, MAX_LENGTH - 1)}Z`
  return rewrite(value)
}

/** Whether the text is of the form that is loaded, the length of the fraction aside. By char codes, for speed. */
function isCanonical(text: string): boolean {
  const last = text.length - 1
  if (last < 19 || text.charCodeAt(last) !== 0x5a || text.charCodeAt(10) !== 0x54) return false
  if (text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return false
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return false
  if (last > 19) {
    if (text.charCodeAt(19) !== 0x2e || last === 20) return false
    for (let i = 20; i < last; i++) if (!isDigit(text.charCodeAt(i))) return false
  }
  return (
    isDate(twoDigits(text, 0) * 100 + twoDigits(text, 2), twoDigits(text, 5), twoDigits(text, 8)) &&
    twoDigits(text, 11) < 24 &&
    twoDigits(text, 14) < 60 &&
    twoDigits(text, 17) < 60
  )
}

function rewrite(text: string): string | undefined {
  const match = ISO.exec(text.trim())
  if (match === null) return undefined
  const [, date = '', time = '00:00', seconds = '00', fraction, offset = 'Z'] = match
  const shift = offsetMinutes(offset)
  const utc = `${date}T${time}:${seconds}Z`
  if (shift === undefined || !isCanonical(utc)) return undefined
  const whole = shift === 0 ? utc.slice(0, 19) : shifted(utc, shift)
  if (whole === undefined) return undefined
  return fraction === undefined ? `${whole}Z` : `${whole}.${fraction.slice(0, 6)}Z`
}

function shifted(utc: string, minutes: number): string | undefined {
  const text = new Date(Date.parse(utc) - minutes * 60_000).toISOString()
  // Years beyond four digits are written with a sign.
  return /^[+-]|^0000/.test(text) ? undefined : text.slice(0, 19)
}

/** Minutes east of UTC. */
function offsetMinutes(offset: string): number | undefined {
  if (offset === 'Z' || offset === 'z') return 0
  const hours = Number(offset.slice(1, 3))
  const minutes = Number(offset.slice(3).replace(':', '') || '0')
  if (hours > 23 || minutes > 59) return undefined
  return (hours * 60 + minutes) * (offset.startsWith('-') ? -1 : 1)
}

function isDate(year: number, month: number, day: number): boolean {
  if (!(year >= 1 && month >= 1 && month <= 12 && day >= 1)) return false
  const days = DAYS[month - 1] ?? 0
  return day <= days || (month === 2 && day === 29 && isLeapYear(year))
}

const isLeapYear = (year: number): boolean => (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0

/** NaN where one of the two is no digit: every comparison with it is false. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at)
  const ones = text.charCodeAt(at + 1)
  return isDigit(tens) && isDigit(ones) ? (tens - 0x30) * 10 + ones - 0x30 : Number.NaN
}

const isDigit = (code: number): boolean => code >= 0x30 && code <= 0x39
