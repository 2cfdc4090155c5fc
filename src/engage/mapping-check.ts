import { asObject } from './call.ts'

const DIRECTIVES: ReadonlySet<string> = new Set([
  '@arrayPath',
  '@case',
  '@excludeWhenNull',
  '@flatten',
  '@if',
  '@json',
  '@liquid',
  '@literal',
  '@merge',
  '@path',
  '@replace',
  '@template',
  '@transform',
])

/** The key of a directive object; undefined for plain ones. */
export const directiveOf = (object: Record<string, unknown>): string | undefined =>
  Object.keys(object).find((key) => key.startsWith('@'))

/** What is wrong with the directives of a mapping, each with its place: none when nothing is. */
export function checkMapping(mapping: unknown, place = 'mapping'): string[] {
  if (Array.isArray(mapping)) return mapping.flatMap((item, index) => checkMapping(item, `${place}[${index}]`))
  const object = asObject(mapping)
  if (object === undefined) return []
  const problems = checkKeys(Object.keys(object), place)
  return [...problems, ...Object.entries(object).flatMap(([key, item]) => checkMapping(item, `${place}.${key}`))]
}

function checkKeys(keys: string[], place: string): string[] {
  const directives = keys.filter((key) => key.startsWith('@'))
  if (directives.length === 0) return []
  const unknown = directives
    .filter((key) => !DIRECTIVES.has(key))
    .map((key) => `${place}: ${key} is no directive; write one of ${[...DIRECTIVES].join(', ')}`)
  const others = keys.filter((key) => !key.startsWith('@') && key !== '_metadata')
  if (directives.length === 1 && others.length === 0) return unknown
  return [...unknown, `${place}: a directive stands alone in its object; take ${keys.join(' and ')} apart`]
}
