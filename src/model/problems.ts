import { z } from 'zod'
import { nearMiss } from './near-miss.ts'
import { isFields } from './rules.ts'

export type FieldPath = (string | number)[]

/** What is wrong with one field, and what to write. Values of secrets never stand in the message. */
export interface Problem {
  path: FieldPath
  message: string
}

/** The parsed value, or every problem at once. */
export function parseWith<T extends z.ZodType>(
  schema: T,
  value: unknown,
): { value: z.output<T>; problems: [] } | { problems: [Problem, ...Problem[]] } {
  const result = schema.safeParse(value, { error: words })
  if (result.success) return { value: result.data, problems: [] }
  const [first, ...rest] = result.error.issues.flatMap((issue) => problemsOf(issue, value))
  return { problems: [first ?? { path: [], message: 'is not valid' }, ...rest] }
}

function problemsOf(issue: z.core.$ZodIssue, root: unknown): Problem[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step))
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    return issue.keys.map((key, index) => ({ path: [...path, key], message: messages[index] ?? issue.message }))
  }
  const shown = looksSecret(path) ? '' : show(valueAt(root, path))
  return [{ path, message: shown === '' ? issue.message : `${shown} ${issue.message}` }]
}

/** Predicates for what zod finds: the value is put before them. Own messages of the schemas go first. */
function words(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.input, issue.expected)
    case 'invalid_value':
      return wrongChoice(issue.input, issue.values.map(String))
    case 'too_small':
      return tooSmall(issue.origin, Number(issue.minimum))
    case 'too_big':
      return tooBig(issue.origin, Number(issue.maximum))
    case 'unrecognized_keys':
      return issue.keys.map((key) => unknownField(key, fieldsOf(issue.inst))).join('\n')
    case 'invalid_union':
      return 'is not JSON: write text, a number, true, false, null, a list or a map'
    default:
      return undefined
  }
}

const TYPES: Record<string, string> = {
  string: 'text',
  number: 'a whole number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map of fields',
  record: 'a map',
}

function wrongType(input: unknown, expected: string): string {
  const type = TYPES[expected] ?? expected
  if (input === undefined) return `is missing: write ${type}`
  if (input === null) return `is empty: write ${type}`
  const scalar = typeof input === 'number' || typeof input === 'boolean'
  return expected === 'string' && scalar ? `must be ${type}: write it in quotes` : `must be ${type}`
}

function wrongChoice(input: unknown, choices: string[]): string {
  const listed = new Intl.ListFormat('en-GB', { type: 'disjunction' }).format(choices)
  if (input === undefined) return `is missing: write ${listed}`
  if (input === null) return `is empty: write ${listed}`
  const meant = typeof input === 'string' && choices.length > 1 ? nearMiss(input, choices) : undefined
  return `must be ${listed}${meant === undefined ? '' : `, did you mean ${meant}?`}`
}

function tooSmall(origin: string, minimum: number): string {
  if (origin === 'string') {
    return minimum === 1 ? 'is empty: write some text' : `is too short: write at least ${minimum} characters`
  }
  if (origin === 'array') return minimum === 1 ? 'is empty: write at least one entry' : `needs ${minimum} entries`
  return `is too small: write ${minimum} or more`
}

function tooBig(origin: string, maximum: number): string {
  if (origin === 'string') return `is too long: write at most ${maximum} characters`
  if (origin === 'array') return `has too many entries: write at most ${maximum}`
  return `is too big: write ${maximum} or less`
}

function fieldsOf(schema: unknown): string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : []
}

function unknownField(key: string, known: string[]): string {
  const field = `unknown field \`${shorten(JSON.stringify(key).slice(1, -1))}\``
  const reference = nearMiss(
    `${key}SecretRef`,
    known.filter((name) => name.endsWith('SecretRef')),
  )
  if (reference !== undefined && !key.endsWith('Ref'))
    return `${field}: a secret never stands in a manifest, write ${reference}: {name, key}`
  const meant = nearMiss(key, known)
  if (meant !== undefined) return `${field}, did you mean \`${meant}\`?`
  return known.length === 0 ? field : `${field}: write one of ${known.join(', ')}`
}

const SECRET = /secret|password|passphrase|token|credential|private_?key|write_?key/i

function looksSecret(path: FieldPath): boolean {
  return path.some((step) => typeof step === 'string' && SECRET.test(step))
}

/** A plain value as JSON, at most 60 characters of it, without user and password of a URL. Nothing for the rest. */
function show(value: unknown): string {
  if (typeof value === 'number') return String(value)
  if (typeof value === 'boolean') return String(value)
  return typeof value === 'string' ? shorten(JSON.stringify(value.replaceAll(/:\/\/[^/@]*@/g, '://…@'))) : ''
}

function shorten(text: string): string {
  const characters = Array.from(text.slice(0, 200))
  return characters.length > 60 ? `${characters.slice(0, 59).join('')}…` : text
}

function valueAt(root: unknown, path: FieldPath): unknown {
  return path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)]
    return isFields(value) ? value[step] : undefined
  }, root)
}

/** A path as people write it: `spec.audiences[0].key`. */
export function formatPath(path: Readonly<FieldPath>): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`
    const name = /^[A-Za-z_][\w-]*$/.test(step) ? step : shorten(JSON.stringify(step))
    return text === '' ? name : `${text}.${name}`
  }, '')
}
