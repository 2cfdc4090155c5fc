import type { EngageResource } from './kinds.ts'

/** `NAMESPACE/NAME`: what tells the resources of one kind apart. */
export const fullName = ({ metadata }: Pick<EngageResource, 'metadata'>): string =>
  `${metadata.namespace}/${metadata.name}`

/** The one resource of its kind that `NAME` or `NAMESPACE/NAME` stands for, or the words for why there is none. */
export function findNamed<R extends EngageResource>(
  kind: R['kind'],
  resources: readonly R[],
  wanted: string,
): { found: R } | { message: string } {
  const matching = resources.filter((resource) => [resource.metadata.name, fullName(resource)].includes(wanted))
  const [found] = matching
  if (found && matching.length === 1) return { found }
  if (found) return { message: `${wanted} stands for ${matching.map(fullName).join(' and ')}: write one of them` }
  const names = resources.map(fullName)
  const fix = names.length > 0 ? `write ${names.join(' or ')}` : 'the manifests have none'
  return { message: `there is no ${kind} ${wanted}: ${fix}` }
}
