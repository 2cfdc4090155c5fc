import type { MappingSpec } from '../model/activation.ts'
import { EngageError } from '../model/errors.ts'
import { checkMapping, directiveOf, ROOT_DIRECTIVE } from '../model/mapping-check.ts'
import { formatPath } from '../model/problems.ts'
import { asObject, type Call } from './call.ts'
import { ExactNumber } from './exact-number.ts'
import { delegate, type Resolve } from './mapping-kit.ts'
import { parseJson } from './parse-call.ts'

/** The columns that the mapping makes of a call. Throws Error when the call is not as the mapping needs it. */
export type PreparedMapping = (call: Call) => Record<string, unknown>

/**
 * Compiles a mapping of Segment's mapping-kit. The directives of the default mappings run without the library, which
 * walks and copies for every call; all others are left to it. Numbers stay exact. Throws EngageError InvalidSpec.
 */
export function prepareMapping(mapping: MappingSpec): PreparedMapping {
  const problems = checkMapping(mapping, ['mapping'])
  if (problems.length > 0) {
    const message = problems.map((problem) => `${formatPath(problem.path)}: ${problem.message}`).join('; ')
    throw new EngageError('InvalidSpec', 'Stalled', message)
  }
  const resolve = compileColumns(mapping)
  return (call) => {
    const columns = resolve(call) ?? {}
    const found = asObject(columns)
    if (!found) throw new Error('mapping.properties makes no map of columns')
    return found
  }
}

/** With a root directive the columns are made of what it makes of the call; they take the place of its own mapping. */
function compileColumns({ properties, [ROOT_DIRECTIVE]: root }: MappingSpec): Resolve {
  if (root === undefined) return compile(properties)
  const transform = asObject(root['@transform'])
  const apply = compile(transform?.apply)
  const map = compile(properties === undefined ? transform?.mapping : { properties })
  return (call) => {
    const applied = asObject(apply(call))
    if (!applied) throw new Error(`mapping.${ROOT_DIRECTIVE} makes no map of the call`)
    return asObject(map(applied))?.properties
  }
}

function compile(node: unknown): Resolve {
  if (Array.isArray(node)) {
    const items = node.map(compile)
    return (call) => items.map((item) => item(call))
  }
  const object = asObject(node)
  if (object === undefined) return () => node
  const directive = directiveOf(object)
  if (directive === undefined) return compileObject(object)
  return compileDirective(directive, object[directive]) ?? delegate(object)
}

function compileObject(object: Record<string, unknown>): Resolve {
  const fields = Object.entries(object).map(([key, node]) => ({ key, resolve: compile(node) }))
  return (call) => {
    const resolved: Record<string, unknown> = {}
    for (const { key, resolve } of fields) {
      const value = resolve(call)
      if (value !== undefined) resolved[key] = value
    }
    return resolved
  }
}

/** Undefined for directives, and forms of them, that are left to mapping-kit. */
function compileDirective(directive: string, argument: unknown): Resolve | undefined {
  switch (directive) {
    case '@path':
      return typeof argument === 'string' ? compilePath(argument.replace('$.', '')) : undefined
    case '@literal':
      return compile(argument)
    case '@template':
      return typeof argument === 'string' && !argument.includes('{{{') ? compileTemplate(argument) : undefined
    case '@json':
      return compileJson(asObject(argument))
    case '@replace':
      return compileReplace(asObject(argument))
    default:
      return undefined
  }
}

const PATH_SEPARATOR = /\[(?="|'|\d)|\.|(?<="|'|\d)]+/g

function compilePath(path: string): Resolve {
  const keys = path
    .split(PATH_SEPARATOR)
    .filter((key) => key !== '')
    .map((key) => key.replaceAll(/['"]/g, ''))
  return (call) => {
    let value: unknown = call
    for (const key of keys) {
      if (!value) return value
      value = (value as Record<string, unknown>)[key]
    }
    return value
  }
}

function compileTemplate(template: string): Resolve {
  const parts = template
    .split(/\{\{([^}]+)\}\}/)
    .map((part, index) => (index % 2 === 0 ? () => part : compilePath(part.trim())))
  return (call) => parts.map((part) => part(call) ?? '').join('')
}

function compileJson(options: Record<string, unknown> | undefined): Resolve | undefined {
  if (!options?.value) return undefined
  const resolve = compile(options.value)
  if (options.mode === 'encode') return (call) => JSON.stringify(resolve(call))
  if (options.mode === 'decode') return (call) => decodeJson(resolve(call))
  return undefined
}

function decodeJson(value: unknown): unknown {
  if (typeof value !== 'string') return value
  try {
    return parseJson(value)
  } catch {
    return value
  }
}

/** mapping-kit replaces in text and numbers only: an exact number has to come as the text that it is. */
function compileReplace(options: Record<string, unknown> | undefined): Resolve | undefined {
  if (!options?.value) return undefined
  const resolve = compile(options.value)
  const replace = delegate({ '@replace': { ...options, value: { '@path': 'value' } } })
  return (call) => {
    const value = resolve(call)
    return replace({ value: value instanceof ExactNumber ? value.toString() : value })
  }
}
