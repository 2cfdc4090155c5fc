import { createHash } from 'node:crypto'
import type { Activation } from '../model/activation.ts'
import { crossCheck } from '../model/cross-check.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import { readManifest } from '../model/manifest.ts'
import { type FieldPath, formatPath, type Problem } from '../model/problems.ts'
import type { Reason } from '../model/reasons.ts'
import { repeatedNames } from '../model/repeated-names.ts'
import { isFields } from '../model/rules.ts'
import type { EngageSpace } from '../model/space.ts'
import { warehouseOf } from '../model/warehouse-block.ts'
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
 * are taken to be valid: a name stands for it, or where none can, nothing. A manifest that takes neither has no resource.
 */
export function read(manifest: object, isToken: IsToken): Reading {
  const written = withTexts(manifest, isToken)
  const found = readManifest(written)
  if (found.is === 'foreign') throw new TypeError(`${found.what} is no resource of EngageOps`)
  if (found.is === 'resource') return readingOf(found.resource)
  const problems = found.problems.filter((problem) => tokenAt(written, problem, isToken) === undefined)
  if (problems.length > 0) return { problems: problems.map(described), warnings: [] }
  return readStandIns(written, found.problems, isToken)
}

/** Reads a manifest in which nothing is wrong but that tokens are no values yet. */
function readStandIns(manifest: unknown, problems: readonly Problem[], isToken: IsToken): Reading {
  const ways = (found: readonly Problem[]) =>
    found.map((problem) => tokenAt(manifest, problem, isToken)).filter((way) => way !== undefined)
  const named = withEach(withTexts(manifest, isToken), ways(problems), (way) => nameFor(valueAt(manifest, way)))
  const found = readManifest(named)
  if (found.is === 'resource') return readingOf(found.resource)
  if (found.is === 'foreign') return NOTHING
  // What takes no name is a number, a choice or the like, and mostly has a default.
  const again = readManifest(withEach(named, ways(found.problems), () => undefined))
  return again.is === 'resource' ? readingOf(again.resource) : NOTHING
}

const NOTHING: Reading = { problems: [], warnings: [] }

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
function tokenAt(manifest: unknown, { path, message }: Problem, isToken: IsToken): FieldPath | undefined {
  if (message.startsWith('unknown field')) return undefined
  const ways = path.map((_, end) => path.slice(0, end + 1))
  return ways.find((way) => isToken(valueAt(manifest, way)))
}

/** The copy of a manifest, with something else at each of these places. */
function withEach(copy: unknown, ways: readonly FieldPath[], standInFor: (way: FieldPath) => unknown): unknown {
  for (const way of ways) {
    const parent = valueAt(copy, way.slice(0, -1))
    if (Array.isArray(parent) || isFields(parent)) Object.assign(parent, { [String(way.at(-1))]: standInFor(way) })
  }
  return copy
}

/** A name for a token: the same for the same token. */
const nameFor = (token: unknown): string => `t${createHash('sha256').update(String(token)).digest('hex')}`.slice(0, 63)

/** A copy of the maps and lists, with its text for each token that is an object: the whole tree of constructs is behind those. */
function withTexts(value: unknown, isToken: IsToken): unknown {
  if (Array.isArray(value)) return value.map((item) => withTexts(item, isToken))
  if (!isFields(value)) return value
  if (isOfClass(value) || typeof value.resolve === 'function') return isToken(value) ? String(value) : value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withTexts(item, isToken)]))
}

function isOfClass(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype !== null && Object.getPrototypeOf(prototype) !== null
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
