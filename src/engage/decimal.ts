/** Most digits before and after the point: what Postgres' numeric takes, and more than any number of worth has. */
const MAX_INTEGER_DIGITS = 131_072
const MAX_FRACTION_DIGITS = 16_383

const NUMBER = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/

interface Decimal {
  negative: boolean
  /** Digits without zeros at either end; empty for zero. */
  digits: string
  /** Where the point stands: 0.<digits> times ten to the power of this. */
  point: number
}

/** A JSON number as plain decimal text: no exponent, no needless zeros, no `-0`. Undefined: too long to write out. */
export function plainDecimal(text: string): string | undefined {
  const decimal = parseDecimal(text)
  if (decimal === undefined) return undefined
  const { negative, digits, point } = decimal
  if (digits === '') return '0'
  if (point > MAX_INTEGER_DIGITS || digits.length - point > MAX_FRACTION_DIGITS) return undefined
  const sign = negative ? '-' : ''
  if (point <= 0) return `${sign}0.${'0'.repeat(-point)}${digits}`
  if (point >= digits.length) return sign + digits + '0'.repeat(point - digits.length)
  return `${sign}${digits.slice(0, point)}.${digits.slice(point)}`
}

/** Whether two JSON numbers are the same number, however they are written. */
export function isSameNumber(a: string, b: string): boolean {
  if (a === b) return true
  const x = parseDecimal(a)
  const y = parseDecimal(b)
  if (x === undefined || y === undefined || x.digits !== y.digits) return false
  return x.digits === '' || (x.point === y.point && x.negative === y.negative)
}

/** A finite JavaScript number as plain decimal text, in the fewest digits that give it back. */
export function numberText(value: number): string {
  const hundredths = value * 100
  const rounded = Math.round(hundredths)
  if (rounded > 0 && rounded < MAX_HUNDREDTHS && rounded / 100 === value) return hundredthsText(rounded)
  const size = Math.abs(value)
  const text = `${value}`
  // Within these bounds JavaScript writes no exponent.
  if ((size < 1e21 && size >= 1e-6) || size === 0) return text
  return plainDecimal(text) ?? text
}

const MAX_HUNDREDTHS = 1e9

/** Numbers of two decimals, the most there are, are written by integers: twice as fast as by their digits. */
function hundredthsText(hundredths: number): string {
  const whole = (hundredths / 100) | 0
  const rest = hundredths - whole * 100
  if (rest === 0) return `${whole}`
  if (rest % 10 === 0) return `${whole}.${rest / 10}`
  return rest < 10 ? `${whole}.0${rest}` : `${whole}.${rest}`
}

function parseDecimal(text: string): Decimal | undefined {
  const match = NUMBER.exec(text)
  if (match === null) return undefined
  const [, sign, whole = '', fraction = '', exponent = '0'] = match
  const all = whole + fraction
  const digits = all.replace(/^0+/, '')
  const point = whole.length - (all.length - digits.length) + Number(exponent)
  return { negative: sign === '-', digits: trimZeros(digits), point }
}

/** A loop, since a regular expression for zeros at the end takes quadratic time on long numbers. */
function trimZeros(digits: string): string {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end--
  return digits.slice(0, end)
}
