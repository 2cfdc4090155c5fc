import { Aspects, type IAspect, type TerraformProvider, TerraformStack } from 'cdktf'
import type { IConstruct } from 'constructs'
import type { EngageManifest } from './engage-manifest'
import { checkTogether } from './model'

/** The clusters that manifests go to, as far as the tree tells: a stack and the alias of a provider. */
const CLUSTERS = new WeakMap<IConstruct, string>()
/** Stacks (or roots, without one) that are checked already. */
const CHECKED = new WeakSet<IConstruct>()

/** Has a manifest checked together with all others of its cluster, when its stack is synthesized. */
export function checkTreeWith(manifest: EngageManifest, provider: TerraformProvider | undefined): void {
  const stack = stackOf(manifest)
  CLUSTERS.set(manifest, `${stack.node.path} ${provider?.alias ?? ''}`)
  if (CHECKED.has(stack)) return
  CHECKED.add(stack)
  stack.node.addValidation({ validate: () => [...lostPolicies(stack), ...problemsOf(manifestsIn(stack))] })
}

/** Aspects that must not be left out in silence. */
const POLICIES = new WeakSet<IAspect>()

/** Has synthesis refuse a policy that stands where Aspects have no effect. */
export function registerPolicy(policy: IAspect): void {
  POLICIES.add(policy)
}

/** Synthesis asks for Aspects from each stack down: those of the app reach nothing. */
function lostPolicies(stack: IConstruct): string[] {
  const { scopes } = stack.node
  const above = scopes.slice(0, scopes.findIndex(TerraformStack.isStack))
  const lost = above.flatMap((scope) => Aspects.of(scope).all).filter((aspect) => POLICIES.has(aspect))
  return lost.map(
    ({ constructor: { name } }) => `Aspects of the app reach no stack: write Aspects.of(stack).add(new ${name}(...))`,
  )
}

/** The manifests in a tree, in the order they were made. */
export function manifestsIn(scope: IConstruct): EngageManifest[] {
  return scope.node.findAll().filter((construct): construct is EngageManifest => CLUSTERS.has(construct))
}

/** What is wrong with these manifests, on their own and together with the others of their clusters, one line each. */
export function problemsOf(mine: readonly EngageManifest[]): string[] {
  const [first] = mine
  if (!first) return []
  const wanted = new Set(mine)
  return clustersAmong(manifestsIn(first.node.root))
    .filter((manifests) => manifests.some((manifest) => wanted.has(manifest)))
    .flatMap((manifests) => [
      ...manifests.map((manifest) => ({ manifest, problems: manifest._read().problems })),
      ...problemsTogether(manifests),
    ])
    .filter(({ manifest }) => wanted.has(manifest))
    .flatMap(({ manifest, problems }) => problems.map((problem) => manifest._describe(problem)))
}

function problemsTogether(manifests: EngageManifest[]): { manifest: EngageManifest; problems: string[] }[] {
  const placed = manifests.map((manifest) => ({ reading: manifest._read(), place: manifest.node.path }))
  return checkTogether(placed).flatMap(({ index, problem }) => {
    const manifest = manifests[index]
    return manifest ? [{ manifest, problems: [problem] }] : []
  })
}

/** Manifests by cluster. Stacks that refer to each other are of one cluster; others may have the same names in another. */
function clustersAmong(manifests: readonly EngageManifest[]): EngageManifest[][] {
  const leaders = new Map<string, string>()
  const leaderOf = (cluster: string): string => {
    const leader = leaders.get(cluster)
    return leader === undefined ? cluster : leaderOf(leader)
  }
  const clusterOf = (manifest: EngageManifest) => leaderOf(CLUSTERS.get(manifest) ?? '')
  for (const manifest of manifests) {
    for (const other of manifest._references) {
      if (clusterOf(manifest) !== clusterOf(other)) leaders.set(clusterOf(manifest), clusterOf(other))
    }
  }
  const groups = new Map<string, EngageManifest[]>()
  for (const manifest of manifests) {
    const group = groups.get(clusterOf(manifest))
    if (group) group.push(manifest)
    else groups.set(clusterOf(manifest), [manifest])
  }
  return [...groups.values()]
}

function stackOf(construct: IConstruct): IConstruct {
  return construct.node.scopes.find(TerraformStack.isStack) ?? construct.node.root
}
