import { nearMiss } from './near-miss.ts'
import type { FieldPath, Problem } from './problems.ts'
import { type Fields, isFields } from './rules.ts'

/** Where Segment keeps a directive that each call goes through before it is mapped. */
export const ROOT_DIRECTIVE = '__segment_internal_directive'

export const COLUMNS_MISSING = 'is missing: write the columns, such as {plan: {"@path": $.properties.plan}}'

/**
 * What is wrong with a mapping, each with its place and what to write: all that mapping-kit refuses, and what it would
 * refuse at every call, or answer with nothing. What is not read of a mapping may be anything.
 */
export function checkMapping({ properties, [ROOT_DIRECTIVE]: root }: Fields, path: FieldPath): Problem[] {
  const columns = checkValue(properties, [...path, 'properties'])
  // What is no map the schema refuses.
  if (!isFields(root)) return columns
  const rootPath = [...path, ROOT_DIRECTIVE]
  const transform = root['@transform']
  if (!isFields(transform))
    return [...columns, { path: rootPath, message: 'must be {"@transform": {"apply": ...}}, as Segment writes it' }]
  if (properties === undefined && transform.mapping === undefined)
    return [{ path: [...path, 'properties'], message: COLUMNS_MISSING }]
  // The columns take the place of its own mapping.
  const whole = properties === undefined ? transform : { ...transform, mapping: {} }
  return [...columns, ...checkValue({ ...root, '@transform': whole }, rootPath)]
}

/** What is wrong with one value of a mapping. */
export function checkValue(node: unknown, path: FieldPath): Problem[] {
  if (Array.isArray(node)) return node.flatMap((item, index) => checkValue(item, [...path, index]))
  if (!isFields(node)) return []
  const directive = directiveOf(node)
  const items = Object.entries(node).filter(([key]) => directive === undefined || key !== METADATA)
  return [
    ...(directive === undefined ? [] : checkDirective(node, directive, path)),
    ...items.flatMap(([key, item]) => checkValue(item, [...path, key])),
  ]
}

/** The key of a directive: a map of one key that begins with @. Undefined for plain maps. */
export const directiveOf = (map: Fields): string | undefined => Object.keys(map).find((key) => key.startsWith('@'))

/** What Segment's pages keep beside a directive, for themselves. */
const METADATA = '_metadata'

function checkDirective(map: Fields, directive: string, path: FieldPath): Problem[] {
  const keys = Object.keys(map).filter((key) => key !== METADATA)
  if (keys.length > 1)
    return [{ path, message: `a directive stands alone in its map: take ${keys.join(' and ')} apart` }]
  const check = ARGUMENTS[directive]
  if (check) return check(map[directive], [...path, directive])
  const meant = nearMiss(directive, DIRECTIVES)
  const fix = meant === undefined ? `write one of ${DIRECTIVES.join(', ')}` : `did you mean ${meant}?`
  return [{ path, message: `${directive} is no directive: ${fix}` }]
}

/** What is wrong with an argument itself; the values in it are looked at on their own. */
type Check = (argument: unknown, path: FieldPath) => Problem[]

const be =
  (what: string, holds: (value: unknown) => boolean): Check =>
  (value, path) =>
    holds(value) ? [] : [{ path, message: value === undefined ? `is missing: write ${what}` : `must be ${what}` }]

const optional =
  (check: Check): Check =>
  (value, path) =>
    value === undefined ? [] : check(value, path)

const fields =
  (checks: Record<string, Check>): Check =>
  (argument, path) =>
    isPlainMap(argument)
      ? Object.entries(checks).flatMap(([field, check]) => check(argument[field], [...path, field]))
      : [{ path, message: `must be a map: write ${Object.keys(checks).join(', ')}` }]

const isPlainMap = (value: unknown): value is Fields => isFields(value) && directiveOf(value) === undefined
const isDirective = (value: unknown): boolean => isFields(value) && directiveOf(value) !== undefined
const isText = (value: unknown, min: number, max: number): boolean =>
  typeof value === 'string' && value.length >= min && value.length <= max

const anything: Check = () => []
const present = be('a value or a directive', (value) => value !== undefined)
const filled = be('a directive, or a value that is not empty', Boolean)
const trueOrFalse = be('true or false', (value) => typeof value === 'boolean')
const textOrDirective = be('text or a directive', (value) => typeof value === 'string' || isDirective(value))
const mapOrDirective = be('a map or a directive', isFields)
const filledText = be('text that is not empty', (value) => isText(value, 1, Number.POSITIVE_INFINITY))
const textUpTo = (max: number) => be(`text of at most ${max} characters`, (value) => isText(value, 0, max))
const oneOf = (one: string, other: string) => be(`${one} or ${other}`, (value) => value === one || value === other)

const condition: Check = (argument, path) => {
  const asked = isPlainMap(argument) ? [argument.exists, argument.blank] : []
  return asked.some(Boolean) ? [] : [{ path, message: 'must be a map that asks for a value: write exists or blank' }]
}

const pathAndItem: Check = (argument, path) => {
  if (Array.isArray(argument)) return textOrDirective(argument[0], [...path, 0])
  return [{ path, message: 'must be a list: write the path of a list in the call, and a map for each of its items' }]
}

const maps: Check = (argument, path) =>
  Array.isArray(argument)
    ? argument.flatMap((item, index) => mapOrDirective(item, [...path, index]))
    : be('a list of maps', () => false)(argument, path)

/** Longest text of a @replace and of a @liquid. */
const REPLACED = 10
const LIQUID = 1000

const ARGUMENTS: Readonly<Record<string, Check>> = {
  '@arrayPath': pathAndItem,
  '@case': fields({ operator: oneOf('lower', 'upper'), value: optional(textOrDirective) }),
  '@excludeWhenNull': anything,
  '@flatten': fields({ separator: filledText, value: present }),
  '@if': condition,
  '@json': fields({ mode: oneOf('encode', 'decode'), value: filled }),
  '@liquid': textUpTo(LIQUID),
  '@literal': anything,
  '@merge': fields({ direction: oneOf('left', 'right'), objects: maps }),
  '@path': textOrDirective,
  '@replace': fields({
    pattern: be(`text of 1 to ${REPLACED} characters`, (value) => isText(value, 1, REPLACED)),
    replacement: optional(textUpTo(REPLACED)),
    pattern2: optional(textUpTo(REPLACED)),
    replacement2: optional(textUpTo(REPLACED)),
    value: textOrDirective,
    ignorecase: optional(trueOrFalse),
    global: optional(trueOrFalse),
  }),
  '@template': textOrDirective,
  '@transform': fields({ apply: mapOrDirective, mapping: mapOrDirective }),
}

const DIRECTIVES = Object.keys(ARGUMENTS)
