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
  stack.node.addValidation({ validate: () => problemsOf(manifestsIn(stack)) })
}

/** What policies refuse in a manifest. */
const POLICIES = new WeakMap<IAspect, (manifest: EngageManifest) => string[]>()

/**
 * Has an Aspect that is a policy asked wherever manifests are checked: Aspects visit at synthesis only, not where YAML is
 * written, and those of the app not even there.
 */
export function registerPolicy(policy: IAspect, refusals: (manifest: EngageManifest) => string[]): void {
  POLICIES.set(policy, refusals)
}

/** What the policies of the constructs above a manifest refuse. */
function refusedIn(manifest: EngageManifest): string[] {
  const aspects = manifest.node.scopes.flatMap((scope) => Aspects.of(scope).all)
  return aspects.flatMap((aspect) => POLICIES.get(aspect)?.(manifest) ?? [])
}

/** The manifests in a tree, in the order they were made. */
export function manifestsIn(scope: IConstruct): EngageManifest[] {
  return scope.node.findAll().filter((construct): construct is EngageManifest => CLUSTERS.has(construct))
}

/** What is wrong with these manifests, on their own and together with the others of their clusters, one line each. */
export function problemsOf(mine: readonly EngageManifest[]): string[] {
  return problemsAmong(mine, clustersOf(mine))
}

/** The same where these manifests go to one cluster, whatever their stacks and providers. */
export function problemsInOne(mine: readonly EngageManifest[]): string[] {
  return problemsAmong(mine, [clustersOf(mine).flat()])
}

function problemsAmong(mine: readonly EngageManifest[], clusters: EngageManifest[][]): string[] {
  const wanted = new Set(mine)
  return clusters
    .flatMap(problemsInCluster)
    .filter(({ manifest }) => wanted.has(manifest))
    .flatMap(({ manifest, problems }) => problems.map((problem) => manifest._describe(problem)))
}

function problemsInCluster(manifests: EngageManifest[]): { manifest: EngageManifest; problems: string[] }[] {
  const placed = manifests.map((manifest) => ({ manifest, reading: manifest._read(), place: manifest.node.path }))
  // Policies can rely on manifests that are valid.
  const own = placed.map(({ manifest, reading: { problems } }) => ({
    manifest,
    problems: problems.length > 0 ? problems : refusedIn(manifest),
  }))
  const together = checkTogether(placed).flatMap(({ index, problem }) => {
    const manifest = manifests[index]
    return manifest ? [{ manifest, problems: [problem] }] : []
  })
  return [...own, ...together]
}

/** The clusters that these manifests go to, each with all that goes there. */
function clustersOf(mine: readonly EngageManifest[]): EngageManifest[][] {
  const [first] = mine
  const wanted = new Set(mine)
  const all = first ? clustersAmong(manifestsIn(first.node.root)) : []
  return all.filter((cluster) => cluster.some((manifest) => wanted.has(manifest)))
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
