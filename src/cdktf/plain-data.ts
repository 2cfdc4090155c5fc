import { Fn, Token } from 'cdktf'

/** A copy that later changes do not reach, without fields that are not set. Tokens are text and numbers, or objects of a class. */
export function compact(value: any): any {
  if (Array.isArray(value)) return value.map(compact)
  if (!isPlain(value)) return value
  const set = Object.entries(value).filter(([, item]) => item !== undefined)
  return Object.fromEntries(set.map(([key, item]) => [key, compact(item)]))
}

/** Whether there is something in the value that only Terraform knows. */
export function containsToken(value: any): boolean {
  if (Token.isUnresolved(value)) return true
  return typeof value === 'object' && value !== null && Object.values(value).some(containsToken)
}

/** Sets the place of a path, and makes the maps on the way there; undefined takes it out. */
export function setAt(root: any, path: readonly string[], value: any): void {
  const last = path[path.length - 1] ?? ''
  const parent = path.slice(0, -1).reduce((node, step) => {
    node[step] = node[step] ?? {}
    return node[step]
  }, root)
  if (value === undefined) delete parent[last]
  else parent[last] = compact(value)
}

/** The map or list, where there is something in it. */
export function nonEmpty<T extends object>(value: T): T | undefined {
  return Object.keys(value).length === 0 ? undefined : value
}

/** Maps as one, of which the later win. Terraform merges them where one of them is a token as a whole. */
export function merged(maps: readonly any[]): any {
  const filled = maps.filter((map) => map !== undefined && (Token.isUnresolved(map) || nonEmpty(map)))
  if (!filled.some((map) => Token.isUnresolved(map))) return nonEmpty(Object.assign({}, ...filled))
  return filled.length === 1 ? filled[0] : Fn.merge(filled)
}

/** Whether two values have the same in all maps and lists; objects of a class are the same as themselves only. */
export function isSame(one: any, other: any): boolean {
  if (one === other) return true
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item, other[at]))
  }
  if (!isPlain(one) || !isPlain(other)) return false
  const keys = Object.keys(one)
  return keys.length === Object.keys(other).length && keys.every((key) => key in other && isSame(one[key], other[key]))
}

/** Whether the value is a map of fields, and not an object of a class. */
export function isPlain(value: any): value is { [key: string]: any } {
  if (typeof value !== 'object' || value === null) return false
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}
