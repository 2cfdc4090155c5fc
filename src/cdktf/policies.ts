import { Annotations, type IAspect, Token } from 'cdktf'
import type { IConstruct } from 'constructs'
import { EngageManifest } from './engage-manifest'
import { DEFAULT_SCHEDULE, leastMinutesBetween } from './model'
import { registerPolicy } from './tree-check'

/** An Aspect that refuses what manifests have: wherever they are checked, and in a synthesis that skips validations too. */
abstract class Policy implements IAspect {
  constructor() {
    registerPolicy(this, (manifest) => this.refusals(manifest.toManifest()))
  }

  public visit(node: IConstruct): void {
    if (!EngageManifest.isEngageManifest(node)) return
    for (const message of this.refusals(node.toManifest())) Annotations.of(node).addError(node._describe(message))
  }

  /** What is refused in a manifest, overrides included. */
  protected abstract refusals(manifest: any): string[]
}

/** Every resource has these labels: `Aspects.of(stack).add(new RequireLabels(['team']))`. */
export class RequireLabels extends Policy {
  /** @param labels keys of the labels */
  constructor(private readonly labels: string[]) {
    super()
  }

  protected refusals({ metadata }: any): string[] {
    if (Token.isUnresolved(metadata.labels)) return []
    return this.labels
      .filter((label) => metadata.labels?.[label] === undefined)
      .map(
        (label) =>
          `metadata.labels: the label ${label} is missing: write it in labels, or in EngageDefaults of the stack`,
      )
  }
}

/** Nothing in a warehouse is deleted: neither with an activation, nor by a plan. */
export class ForbidDelete extends Policy {
  protected refusals({ kind, spec }: any): string[] {
    if (kind === 'Activation' && spec.deletionPolicy === 'Delete') {
      return ['spec.deletionPolicy: "Delete" is forbidden here: write DeletionPolicy.RETAIN, or leave it out']
    }
    if (kind === 'WarehouseDestination' && spec.schemaPolicy?.dropObjects === 'Approve') {
      return ['spec.schemaPolicy.dropObjects: "Approve" is forbidden here: write DropObjects.FORBID, or leave it out']
    }
    return []
  }
}

/** No warehouse is synced more often than this. */
export class ScheduleFloor extends Policy {
  /** @param minutes the fewest minutes between two syncs */
  constructor(private readonly minutes: number) {
    super()
  }

  protected refusals({ kind, spec }: any): string[] {
    const schedule = spec.sync?.schedule ?? DEFAULT_SCHEDULE
    if (kind !== 'WarehouseDestination' || Token.isUnresolved(schedule)) return []
    const least = leastMinutesBetween(schedule)
    if (least >= this.minutes) return []
    return [
      `spec.sync.schedule: "${schedule}" syncs every ${least} minutes: write one with ${this.minutes} or more between`,
    ]
  }
}
