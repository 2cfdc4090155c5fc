import { checkMapping } from '../engage/mapping-check.ts'
import type { Activation } from '../model/activation.ts'
import { crossCheck } from '../model/cross-check.ts'
import { type WarehouseDestination, warehouseOf } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import { nameOf, readManifest } from '../model/manifest.ts'
import { type FieldPath, formatPath, type Problem } from '../model/problems.ts'
import type { Reason } from '../model/reasons.ts'
import { type PlacedResource, repeatedNames } from '../model/repeated-names.ts'
import { isFields } from '../model/rules.ts'
import type { EngageSpace } from '../model/space.ts'
import { conflicts } from '../plan/conflicts.ts'
import { belongsTo } from '../plan/validate.ts'
import { IDENTIFIERS } from '../warehouses/identifiers.ts'

/** A manifest, and the path of the construct that it is of. */
interface PlacedManifest {
  manifest: object
  place: string
}

/** Something that must be changed, and how. */
interface Finding {
  /** Where the manifest stands in the list. */
  index: number
  /** `Kind/name`. */
  name: string
  /** The field, and what is wrong and what to write. */
  message: string
}

/** What only Terraform knows when it runs, whatever the rest of the value is. */
type IsToken = (value: unknown) => boolean

/** Resources that constructs only name may be in the cluster already. */
const MAY_BE_ELSEWHERE: ReadonlySet<Reason> = new Set(['SpaceNotFound', 'DestinationNotFound'])

/**
 * Everything that is wrong with manifests, one by one and together, in the words of `engageops validate`. Fields whose
 * value is a token are taken to be valid; a manifest in which no name can stand for it is not compared with others.
 */
export function check(placed: readonly PlacedManifest[], isToken: IsToken): Finding[] {
  const read = placed.map(({ manifest, place }, index) => readPlaced(manifest, place, index, isToken))
  const resources = read.flatMap(({ resource }) => resource ?? [])
  const indexes = new Map(resources.map(({ resource, index }) => [resource, index]))
  const found = (resource: EngageResource, message: string): Finding[] => {
    const index = indexes.get(resource)
    return index === undefined ? [] : [{ index, name: nameOf(resource), message }]
  }
  const repeated = repeatedNames(resources)
  const others = resources.filter((one) => !repeated.some((other) => other.repeated === one))
  return [
    ...read.flatMap(({ findings }) => findings),
    ...repeated.flatMap(({ repeated: { resource }, message }) => found(resource, `metadata.name: ${message}`)),
    ...checkTogether(others.map(({ resource }) => resource)).flatMap(({ resource, message }) =>
      found(resource, message),
    ),
  ]
}

interface IndexedResource extends PlacedResource {
  index: number
}

function readPlaced(
  manifest: object,
  place: string,
  index: number,
  isToken: IsToken,
): { resource?: IndexedResource; findings: Finding[] } {
  const name = nameOf(manifest)
  const finding = ({ path, message }: { path: string; message: string }): Finding => {
    return { index, name, message: `${path}: ${message}` }
  }
  const read = readManifest(manifest)
  if (read.is === 'foreign') throw new TypeError(`${read.what} is no resource of EngageOps`)
  if (read.is === 'resource') return readable(read.resource)
  const problems = read.problems.filter((problem) => tokenAt(manifest, problem, isToken) === undefined)
  if (problems.length > 0) {
    return { findings: problems.map(({ path, message }) => finding({ path: formatPath(path), message })) }
  }
  const again = readManifest(withStandIns(manifest, read.problems, isToken))
  return again.is === 'resource' ? readable(again.resource) : { findings: [] }

  function readable(resource: EngageResource) {
    return { resource: { resource, place, index }, findings: mappingProblems(resource).map(finding) }
  }
}

/** The operator would refuse such a mapping only once a sync uses it. */
function mappingProblems({ kind, spec }: EngageResource): { path: string; message: string }[] {
  const mapping = kind === 'Activation' ? spec.storageActions?.mapping : undefined
  return checkMapping(mapping, 'spec.storageActions.mapping').map((problem) => {
    const end = problem.indexOf(': ')
    return { path: problem.slice(0, end), message: problem.slice(end + 2) }
  })
}

/** The way to the token that a problem is about, if any. */
function tokenAt(manifest: object, { path, message }: Problem, isToken: IsToken): FieldPath | undefined {
  if (message.startsWith('unknown field')) return undefined
  const ways = path.map((_, end) => path.slice(0, end + 1))
  return ways.find((way) => isToken(valueAt(manifest, way)))
}

/** The manifest with names for tokens that cannot be read as what they are: the same name for the same token. */
function withStandIns(manifest: object, problems: readonly Problem[], isToken: IsToken): unknown {
  const copy = structuredClone(manifest)
  for (const problem of problems) {
    const way = tokenAt(manifest, problem, isToken) ?? []
    const parent = valueAt(copy, way.slice(0, -1))
    const text = `t${Buffer.from(String(valueAt(manifest, way))).toString('hex')}`.slice(0, 63)
    if (Array.isArray(parent) || isFields(parent)) Object.assign(parent, { [String(way.at(-1))]: text })
  }
  return copy
}

const valueAt = (root: unknown, path: FieldPath): unknown =>
  path.reduce<unknown>((value, step) => {
    if (Array.isArray(value)) return value[Number(step)]
    return isFields(value) ? value[step] : undefined
  }, root)

/** What the operator would find of resources together. There is no age yet: of two that clash the first by name is right. */
function checkTogether(resources: readonly EngageResource[]): { resource: EngageResource; message: string }[] {
  const sorted = resources.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  const findings = crossCheck(sorted)
  const invalid = new Set(findings.map(({ resource }) => resource))
  const spaces = sorted.filter((resource) => resource.kind === 'EngageSpace')
  const destinations = sorted.filter((resource) => resource.kind === 'WarehouseDestination')
  const activations = sorted.filter((resource) => resource.kind === 'Activation' && !invalid.has(resource))
  return [
    ...findings.filter(({ reason }) => !MAY_BE_ELSEWHERE.has(reason)),
    ...spaces.flatMap((space) =>
      destinations.flatMap((destination) => pairConflicts(space, destination, activations.filter(isActivation))),
    ),
  ]
}

const isActivation = (resource: EngageResource): resource is Activation => resource.kind === 'Activation'

function pairConflicts(space: EngageSpace, destination: WarehouseDestination, activations: Activation[]) {
  const mine = activations.filter((activation) => belongsTo(activation, space, destination))
  const found = conflicts(space.spec, mine, IDENTIFIERS[warehouseOf(destination.spec).kind])
  return [...found].map(([resource, message]) => ({ resource, message }))
}
