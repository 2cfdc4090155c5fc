import type { Activation } from '../model/activation.ts'
import { crossCheck } from '../model/cross-check.ts'
import { type WarehouseDestination, warehouseOf } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import { readManifest } from '../model/manifest.ts'
import { type FieldPath, formatPath, type Problem } from '../model/problems.ts'
import type { Reason } from '../model/reasons.ts'
import { repeatedNames } from '../model/repeated-names.ts'
import { isFields } from '../model/rules.ts'
import type { EngageSpace } from '../model/space.ts'
import { warningsOf } from '../model/warnings.ts'
import { conflicts } from '../plan/conflicts.ts'
import { belongsTo, byName } from '../plan/validate.ts'
import { IDENTIFIERS } from '../warehouses/identifiers.ts'

/** What only Terraform knows when it runs, whatever the rest of the value is. */
type IsToken = (value: unknown) => boolean

/** A manifest as it was read. */
export interface Reading {
  /** What is wrong with the manifest on its own, each with its field and what to write. */
  problems: string[]
  /** What works and may not be meant. */
  warnings: string[]
  /** Absent where it cannot be read. */
  resource?: EngageResource
}

/**
 * Reads a manifest: everything that is wrong with it, in the words of `engageops validate`. Fields whose value is a token
 * are taken to be valid; a manifest in which no name can stand for the token has no resource.
 */
export function read(manifest: object, isToken: IsToken): Reading {
  const found = readManifest(manifest)
  if (found.is === 'foreign') throw new TypeError(`${found.what} is no resource of EngageOps`)
  if (found.is === 'resource') return readingOf(found.resource)
  const problems = found.problems.filter((problem) => tokenAt(manifest, problem, isToken) === undefined)
  if (problems.length > 0) return { problems: problems.map(described), warnings: [] }
  const again = readManifest(withStandIns(manifest, found.problems, isToken))
  return again.is === 'resource' ? readingOf(again.resource) : { problems: [], warnings: [] }
}

function readingOf(resource: EngageResource): Reading {
  return { problems: [], warnings: warningsOf(resource).map(described), resource }
}

const described = ({ path, message }: Problem) => `${formatPath(path)}: ${message}`

/** A reading, and the path of the construct that it is of. */
interface PlacedReading {
  reading: Reading
  place: string
}

/** Resources that constructs only name may be in the cluster already. */
const MAY_BE_ELSEWHERE: ReadonlySet<Reason> = new Set(['SpaceNotFound', 'DestinationNotFound'])

/** What is wrong with the resources of one cluster together: where each stands in the list, and what to write. */
export function checkTogether(placed: readonly PlacedReading[]): { index: number; problem: string }[] {
  const resources = placed.flatMap(({ reading: { resource }, place }, index) =>
    resource ? [{ resource, place, index }] : [],
  )
  const repeated = repeatedNames(resources)
  const twice = new Set(repeated.map((one) => one.repeated.resource))
  const others = resources.map(({ resource }) => resource).filter((resource) => !twice.has(resource))
  const indexes = new Map(resources.map(({ resource, index }) => [resource, index]))
  return [
    ...repeated.map(({ repeated: { index }, message }) => ({ index, problem: `metadata.name: ${message}` })),
    ...findingsAmong(others).flatMap(({ resource, message }) => {
      const index = indexes.get(resource)
      return index === undefined ? [] : [{ index, problem: message }]
    }),
  ]
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
function findingsAmong(resources: readonly EngageResource[]): { resource: EngageResource; message: string }[] {
  const sorted = resources.toSorted(byName)
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
