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

/**
 * Nothing in a warehouse is deleted: neither with an activation, nor by a plan. Where only Terraform knows whether something
 * is, that is refused too.
 */
export class ForbidDelete extends Policy {
  protected refusals(manifest: any): string[] {
    switch (manifest.kind) {
      case 'Activation':
        return forbidden(manifest, ['spec', 'deletionPolicy'], 'Delete', 'DeletionPolicy.RETAIN')
      case 'WarehouseDestination':
        return forbidden(manifest, ['spec', 'schemaPolicy', 'dropObjects'], 'Approve', 'DropObjects.FORBID')
      default:
        return []
    }
  }
}

/** What is said of a field that has the value, or has a token in its place or on the way there. */
function forbidden(manifest: any, path: readonly string[], value: string, allowed: string): string[] {
  const way = path.map((_, index) => path.slice(0, index + 1))
  const at = (steps: readonly string[]) => steps.reduce((node, step) => node?.[step], manifest)
  const fix = `forbidden here: write ${allowed}, or leave it out`
  const token = way.find((steps) => Token.isUnresolved(at(steps)))
  if (token) {
    const hidden = [...path.slice(token.length), `"${value}"`].join(' ')
    return [`${token.join('.')}: a token may stand for ${hidden}, which is ${fix}`]
  }
  return at(path) === value ? [`${path.join('.')}: "${value}" is ${fix}`] : []
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
