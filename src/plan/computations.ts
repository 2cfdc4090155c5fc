import { type ActivationSpec, type ComputationField, computationOf } from '../model/activation.ts'
import type { SpaceSpec } from '../model/space.ts'
import type { Computation } from './work-order.ts'

/** A computation as the planner sees it. */
export interface DeclaredComputation extends Computation {
  /** Earlier keys. */
  previousNames: string[]
}

/** All computations of a space, by key. */
export function computationsOf(space: SpaceSpec): DeclaredComputation[] {
  const found: DeclaredComputation[] = [
    ...space.audiences.map(({ key, type }) => ({
      key,
      kind: type === 'Linked' ? ('LinkedAudience' as const) : ('Audience' as const),
      type: 'Boolean' as const,
      previousNames: [],
    })),
    ...space.computedTraits.map(({ key, type, previousNames }) => ({
      key,
      kind: 'ComputedTrait' as const,
      type,
      previousNames: previousNames ?? [],
    })),
    ...space.journeys.map(({ key }) => ({
      key,
      kind: 'Journey' as const,
      type: 'Boolean' as const,
      previousNames: [],
    })),
  ]
  return found.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** The kinds that a field of `spec.computation` can name. */
export const KINDS_OF = {
  audience: ['Audience', 'LinkedAudience'],
  computedTrait: ['ComputedTrait'],
  journey: ['Journey'],
} as const satisfies Record<ComputationField, readonly Computation['kind'][]>

/** The computation of an activation, where it is declared under that field. */
export function findComputation(
  computations: readonly DeclaredComputation[],
  activation: ActivationSpec,
): DeclaredComputation | undefined {
  const { key, field } = computationOf(activation)
  const kinds: readonly Computation['kind'][] = KINDS_OF[field]
  return computations.find((computation) => computation.key === key && kinds.includes(computation.kind))
}
