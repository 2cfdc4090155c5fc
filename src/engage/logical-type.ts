import type { LogicalType } from '../model/table.ts'
import { ExactNumber } from './exact-number.ts'

const TWO_TO_63 = 2 ** 63
const MIN_INT64 = -(2n ** 63n)
const MAX_INT64 = 2n ** 63n - 1n

/**
 * The type of the column that an undeclared property gets from its first value; undefined when there is none. Text is
 * never taken for a number or a time; arrays and objects become JSON text.
 */
export function inferType(value: unknown): LogicalType | undefined {
  if (value === null) return undefined
  switch (typeof value) {
    case 'boolean':
      return 'Boolean'
    case 'number':
      return isInt64(value) ? 'Integer' : 'Float'
    case 'string':
      return 'String'
    case 'object':
      if (value instanceof ExactNumber) return int64Text(value) === undefined ? 'Float' : 'Integer'
      return 'String'
    default:
      return undefined
  }
}

/** Whether the number, as its shortest text tells it, is an integer of 64 bits. */
export function isInt64(value: number): boolean {
  return Number.isInteger(value) && value < TWO_TO_63 && value > -TWO_TO_63
}

/** The digits of an exact number that is an integer of 64 bits; undefined for any other. */
export function int64Text(value: ExactNumber): string | undefined {
  const text = value.toString()
  if (text.length > 20 || !/^-?\d+$/.test(text)) return undefined
  const integer = BigInt(text)
  return integer >= MIN_INT64 && integer <= MAX_INT64 ? text : undefined
}

/** Each number type holds those before it. Decimal, which is only ever declared, stays exact when a Float meets it. */
const NUMBERS: readonly LogicalType[] = ['Integer', 'Float', 'Decimal']

/** The narrowest type that holds values of both: a join, so the order in which values come does not matter. */
export function widen(a: LogicalType, b: LogicalType): LogicalType {
  if (a === b) return a
  const rankA = NUMBERS.indexOf(a)
  const rankB = NUMBERS.indexOf(b)
  if (rankA < 0 || rankB < 0) return 'String'
  return rankA > rankB ? a : b
}
