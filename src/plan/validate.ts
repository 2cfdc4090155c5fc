import type { IdentifierRules } from '../engage/identifiers.ts'
import type { Activation } from '../model/activation.ts'
import { crossCheck, type Finding } from '../model/cross-check.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { Consequence } from '../model/errors.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { Reason } from '../model/reasons.ts'
import type { EngageSpace } from '../model/space.ts'
import { conflicts } from './conflicts.ts'

/** Why a resource cannot be used now. */
export interface Verdict {
  reason: Reason
  consequence: Exclude<Consequence, 'Retry'>
  message: string
}

/** Reasons that go away when somebody makes what is missing: references may be created in any order. */
const HEALS: ReadonlySet<Reason> = new Set([
  'SpaceNotFound',
  'DestinationNotFound',
  'DestinationNotConnected',
  'ComputationNotFound',
])

/** What is wrong with resources in the light of each other, the first finding of each. Deleted ones do not count. */
export function judge(resources: readonly EngageResource[]): Map<EngageResource, Verdict> {
  const verdicts = new Map<EngageResource, Verdict>()
  const present = resources.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
  for (const finding of crossCheck(present.toSorted(byName))) {
    if (!verdicts.has(finding.resource)) verdicts.set(finding.resource, verdictOf(finding))
  }
  return verdicts
}

const verdictOf = ({ reason, message }: Finding): Verdict => ({
  reason,
  consequence: HEALS.has(reason) ? 'Wait' : 'Stalled',
  message,
})

/** The order that resources are judged in. */
export const byName = (a: EngageResource, b: EngageResource): number =>
  a.metadata.name < b.metadata.name ? -1 : a.metadata.name > b.metadata.name ? 1 : 0

/** The activations of one space and destination, each with what is wrong with it, if anything. */
export function judgeActivations(
  space: EngageSpace,
  destination: WarehouseDestination,
  activations: readonly Activation[],
  identifiers: IdentifierRules,
): Map<Activation, Verdict | undefined> {
  const mine = activations.filter((activation) => belongsTo(activation, space, destination))
  const found = judge([space, destination, ...mine])
  const verdicts = new Map(mine.map((activation) => [activation, found.get(activation)]))
  const valid = mine.filter((activation) => !found.has(activation))
  for (const [activation, message] of conflicts(space.spec, valid, identifiers)) {
    verdicts.set(activation, { reason: 'Conflict', consequence: 'Stalled', message })
  }
  return verdicts
}

/** Whether an activation is of this space and destination, and not on its way out. */
export const belongsTo = (
  { metadata, spec }: Activation,
  space: EngageSpace,
  destination: WarehouseDestination,
): boolean =>
  metadata.deletionTimestamp === undefined &&
  metadata.namespace === space.metadata.namespace &&
  spec.spaceRef.name === space.metadata.name &&
  spec.destinationRef.name === destination.metadata.name
