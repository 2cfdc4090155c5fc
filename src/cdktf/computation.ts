import type { IEngageSpace } from './engage-space'
import { type ActivationComputation, Trigger } from './manifests'

/** The kinds of things that Engage computes. */
export enum ComputationKind {
  /** An audience of profiles. */
  AUDIENCE = 'audience',
  /** An audience of entities of the data graph. */
  LINKED_AUDIENCE = 'linkedAudience',
  /** A trait of profiles. */
  COMPUTED_TRAIT = 'computedTrait',
  /** A journey. */
  JOURNEY = 'journey',
}

/** An audience, computed trait or journey of a space: what an activation is for. */
export class Computation {
  /**
   * @param space the space that has it
   * @param kind what it is
   * @param key its key, as calls carry it
   */
  constructor(
    public readonly space: IEngageSpace,
    public readonly kind: ComputationKind,
    public readonly key: string,
  ) {}

  /**
   * As an activation names it.
   *
   * @internal
   */
  public _spec(): ActivationComputation {
    switch (this.kind) {
      case ComputationKind.COMPUTED_TRAIT:
        return { computedTrait: this.key }
      case ComputationKind.JOURNEY:
        return { journey: this.key }
      default:
        return { audience: this.key }
    }
  }

  /**
   * All triggers that it can have.
   *
   * @internal
   */
  public _triggers(): Trigger[] {
    switch (this.kind) {
      case ComputationKind.AUDIENCE:
        return [Trigger.AUDIENCE_ENTERED, Trigger.AUDIENCE_EXITED]
      case ComputationKind.LINKED_AUDIENCE:
        return [Trigger.ENTITY_ADDED, Trigger.ENTITY_REMOVED]
      case ComputationKind.JOURNEY:
        return [Trigger.JOURNEY_STEP_ENTERED]
      case ComputationKind.COMPUTED_TRAIT:
        return []
    }
  }
}
