import { z } from 'zod'

type Path = (string | number)[]

/** A rule as a custom resource definition carries it. */
export interface CelRule {
  rule: string
  message: string
  messageExpression?: string
  fieldPath?: string
}

/** A rule that one value can show: zod checks it here, the API server there, both with the same words. */
export interface Rule {
  /** What is wrong and what to write. */
  message: string
  /** CEL that is true where the rule holds. Absent where CEL cannot say it, or the list type says it already. */
  cel?: string
  /** The field that the message is about, from the value down. */
  field?: string
  /** Paths, from the value down, of whatever breaks the rule; none where it holds. Other rules may be broken too. */
  broken(value: unknown): Path[]
}

/** The schema with rules. They are checked even beside other errors, so that people see all of them at once. */
export function ruled<T extends z.ZodType>(schema: T, ...rules: Rule[]): T {
  const checked = rules.reduce(
    (before, { message, broken }) => checkedBy(before, (value) => broken(value).map((path) => ({ path, message }))),
    schema,
  )
  return checked.meta({ 'x-kubernetes-validations': rules.flatMap(celOf) })
}

/** The schema with a check that has words of its own for everything it finds, as no rule in CEL can. */
export function checkedBy<T extends z.ZodType>(
  schema: T,
  problemsIn: (value: unknown) => { path: Path; message: string }[],
): T {
  const check = new z.core.$ZodCheck({ check: 'custom', when: () => true })
  check._zod.check = ({ value, issues }) => {
    // Copied, for zod puts the way to the value before the path in place.
    for (const { path, message } of problemsIn(value)) {
      issues.push({ code: 'custom', input: value, path: [...path], message, continue: true })
    }
  }
  return schema.check(check)
}

function celOf({ cel, message, field }: Rule): CelRule[] {
  if (cel === undefined) return []
  return [{ rule: cel, message, ...(field !== undefined && { fieldPath: `.${field}` }) }]
}

export type Fields = Readonly<Record<string, unknown>>

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isSet = (value: unknown) => value !== undefined && value !== null

/** A rule on the fields of an object, whatever is in them. `field` is where the error is shown. */
export function fieldsRule(rule: Omit<Rule, 'broken'> & { holds(fields: Fields): boolean }): Rule {
  const path = rule.field === undefined ? [] : [rule.field]
  return { ...rule, broken: (value) => (isFields(value) && !rule.holds(value) ? [path] : []) }
}

/** A rule on text. */
export function textRule(rule: Omit<Rule, 'broken'> & { holds(text: string): boolean }): Rule {
  return { ...rule, broken: (value) => (typeof value === 'string' && !rule.holds(value) ? [[]] : []) }
}

/** Text that has the pattern, which must mean the same to JavaScript and to RE2. */
export function matching(pattern: RegExp, message: string): Rule {
  return textRule({ message, cel: `self.matches(${celPattern(pattern)})`, holds: (text) => pattern.test(text) })
}

/** Text that does not have the pattern. */
export function notMatching(pattern: RegExp, message: string): Rule {
  return textRule({ message, cel: `!self.matches(${celPattern(pattern)})`, holds: (text) => !pattern.test(text) })
}

function celPattern(pattern: RegExp): string {
  return `r'${pattern.ignoreCase ? '(?i)' : ''}${pattern.source.replaceAll('\\/', '/')}'`
}

/** Text that is more than white space. */
export const notBlank = textRule({
  message: 'is blank: write a name',
  cel: "self.trim() != ''",
  holds: (text) => text === '' || text.trim() !== '',
})

/** Exactly one of the optional fields is set. */
export function exactlyOne(fields: readonly string[], message: string): Rule {
  return fieldsRule({
    message,
    cel: `[${fields.map((field) => `has(self.${field})`).join(', ')}].filter(x, x).size() == 1`,
    holds: (value) => fields.filter((field) => isSet(value[field])).length === 1,
  })
}

/**
 * A field for a later version: the model has it, and this one refuses its use, that of a flag where it is true. What this
 * version does instead stands in the error and in the field's description. A later one takes `reserved` away, and no more.
 */
export function reserved<T extends z.ZodType>(field: T, thisVersion: string): T {
  const isFlag = field.safeParse(false).success
  const rule: Rule = {
    message: `is for a later version, this one ${thisVersion}`,
    cel: isFlag ? '!self' : 'false',
    broken: (value) => (isSet(value) && value !== false ? [[]] : []),
  }
  return ruled(field, rule).describe(`${field.description} For a later version, this one ${thisVersion}.`)
}

/** A list whose items have a key of their own; Kubernetes merges such lists item by item. */
export function keyedList<T extends z.ZodObject>(item: T, key: string & keyof T['shape'], max: number) {
  const unique: Rule = {
    message: 'stands twice in the list: keep one of them',
    broken: (value) =>
      repeated(
        listOf(value).map((entry) => (isFields(entry) ? entry[key] : undefined)),
        key,
      ),
  }
  return ruled(z.array(item).max(max), unique).meta({
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [key],
  })
}

/** A list of different values. */
export function setOf<T extends z.ZodType<string>>(item: T, max: number) {
  const unique: Rule = {
    message: 'stands twice in the list: keep one of them',
    broken: (value) => repeated(listOf(value)),
  }
  return ruled(z.array(item).max(max), unique).meta({ 'x-kubernetes-list-type': 'set' })
}

export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

function repeated(values: unknown[], key?: string): Path[] {
  const seen = new Set<unknown>()
  return values.flatMap((value, index) => {
    if (typeof value !== 'string') return []
    if (seen.has(value)) return [key === undefined ? [index] : [index, key]]
    seen.add(value)
    return []
  })
}

/** A map of texts, such as labels. */
export function textMap(maxEntries: number, maxLength: number) {
  const bounded = fieldsRule({
    message: `has too many entries: keep at most ${maxEntries}`,
    holds: (value) => Object.keys(value).length <= maxEntries,
  })
  return ruled(z.record(z.string().max(317), z.string().max(maxLength)), bounded).meta({ maxProperties: maxEntries })
}
