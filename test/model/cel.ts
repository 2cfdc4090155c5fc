import { type JsonSchema, mapSchema } from '../../src/model/json-schema.ts'
import { isFields } from '../../src/model/rules.ts'

/**
 * The part of CEL that the rules use, turned into JavaScript, so that tests can compare the rules of the API server
 * with those of zod on the same values. What it does not know is a syntax error.
 */
export function evaluate(cel: string, self: unknown, oldSelf?: unknown): unknown {
  const js = fieldNames(cel)
    .replace(/has\(([\w.]+)\)/g, (_, path: string) => `(${path.replaceAll('.', '?.')} !== undefined)`)
    .replace(/self\.matches\(r'(\(\?i\))?([^']*)'\)/g, (_, fold: string | undefined, pattern: string) => {
      return `/${pattern.replaceAll('/', '\\/')}/${fold ? 'i' : ''}.test(self)`
    })
    .replace(/\.(all|exists|filter)\((\w+), /g, (_, name: string, variable: string) => {
      return `.${{ all: 'every', exists: 'some', filter: 'filter' }[name]}((${variable}) => `
    })
    .replaceAll('.size()', '.length')
    .replace(/('\w+') in ([\w.]+)/g, '$2.includes($1)')
  return new Function('self', 'oldSelf', 'duration', `'use strict'; return (${js})`)(self, oldSelf, seconds)
}

/** CEL with the names of fields as they are: two underscores are reserved there, and the API server has this for them. */
export const fieldNames = (cel: string): string => cel.replaceAll('__underscores__', '__')

function seconds(duration: string): number {
  const unit = { s: 1, m: 60, h: 3600 }[duration.slice(-1)]
  if (unit === undefined) throw new Error(`no duration: ${duration}`)
  return Number(duration.slice(0, -1)) * unit
}

/** The messages of the rules that a value breaks, and of those that its change breaks. */
export function celMessages(node: JsonSchema, self: unknown, oldSelf?: unknown): string[] {
  if (self === undefined) return []
  const own = (node['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => !rule.includes('oldSelf') || oldSelf !== undefined)
    .filter(({ rule }) => evaluate(rule, self, oldSelf) !== true)
    .map(({ message, messageExpression }) => {
      return messageExpression === undefined ? message : String(evaluate(messageExpression, self, oldSelf))
    })
  const fields = Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    return isFields(self) ? celMessages(field, self[name], isFields(oldSelf) ? oldSelf[name] : undefined) : []
  })
  const items = Array.isArray(self) && node.items ? self.flatMap((item) => itemMessages(node, item, oldSelf)) : []
  return [...own, ...fields, ...items]
}

/** Items of keyed lists have an old value; those of others have none. */
function itemMessages(list: JsonSchema, item: unknown, oldList: unknown): string[] {
  const key = list['x-kubernetes-list-map-keys']?.[0]
  const before = key !== undefined && Array.isArray(oldList) && isFields(item)
  return celMessages(
    list.items ?? {},
    item,
    before ? oldList.find((old) => isFields(old) && old[key] === item[key]) : undefined,
  )
}

/** The nodes of a schema. */
export function nodesOf(root: JsonSchema): JsonSchema[] {
  const nodes: JsonSchema[] = []
  mapSchema(root, (node) => {
    nodes.push(node)
    return node
  })
  return nodes
}
