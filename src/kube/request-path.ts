import type { ResourceType } from './object.ts'

export type Query = Record<string, string | number | boolean | undefined>

/** The path of one object, or of all of a type; in a namespace, or in all of them. */
export function pathOf(
  type: ResourceType,
  at: { name?: string | undefined; namespace?: string | undefined },
  query: Query = {},
  subresource?: string,
): string {
  const parts = type.group === '' ? ['api', type.version] : ['apis', type.group, type.version]
  if (type.namespaced && at.namespace !== undefined) parts.push('namespaces', at.namespace)
  parts.push(type.plural)
  if (at.name !== undefined) parts.push(at.name)
  if (subresource !== undefined) parts.push(subresource)
  const search = Object.entries(query)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}=${encodeURIComponent(String(value))}`)
    .join('&')
  return `/${parts.map(encodeURIComponent).join('/')}${search === '' ? '' : `?${search}`}`
}
