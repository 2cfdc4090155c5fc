import { Annotations, type IAspect, Token } from 'cdktf'
import type { IConstruct } from 'constructs'
import { EngageManifest } from './engage-manifest'
import { DEFAULT_SCHEDULE, leastMinutesBetween } from './model'
import { registerPolicy } from './tree-check'

/**
 * Every resource of a stack has these labels: `Aspects.of(stack).add(new RequireLabels(['team']))`. Aspects of the app reach
 * no stack, and synthesis refuses policies among them.
 */
export class RequireLabels implements IAspect {
  /** @param labels keys of the labels */
  constructor(private readonly labels: string[]) {
    registerPolicy(this)
  }

  public visit(node: IConstruct): void {
    onManifest(node, ({ metadata }, refuse) => {
      for (const label of this.labels) {
        if (metadata.labels?.[label] !== undefined) continue
        refuse(`metadata.labels: the label ${label} is missing: write it in labels, or in EngageDefaults of the stack`)
      }
    })
  }
}

/** Nothing in a warehouse is deleted: neither with an activation, nor by a plan. */
export class ForbidDelete implements IAspect {
  constructor() {
    registerPolicy(this)
  }

  public visit(node: IConstruct): void {
    onManifest(node, ({ kind, spec }, refuse) => {
      if (kind === 'Activation' && spec.deletionPolicy === 'Delete') {
        refuse('spec.deletionPolicy: "Delete" is forbidden here: write DeletionPolicy.RETAIN, or leave it out')
      }
      if (kind === 'WarehouseDestination' && spec.schemaPolicy?.dropObjects === 'Approve') {
        refuse('spec.schemaPolicy.dropObjects: "Approve" is forbidden here: write DropObjects.FORBID, or leave it out')
      }
    })
  }
}

/** No warehouse is synced more often than this. */
export class ScheduleFloor implements IAspect {
  /** @param minutes the fewest minutes between two syncs */
  constructor(private readonly minutes: number) {
    registerPolicy(this)
  }

  public visit(node: IConstruct): void {
    onManifest(node, ({ kind, spec }, refuse) => {
      const schedule = spec.sync?.schedule ?? DEFAULT_SCHEDULE
      if (kind !== 'WarehouseDestination' || Token.isUnresolved(schedule)) return
      const least = leastMinutesBetween(schedule)
      if (least >= this.minutes) return
      refuse(
        `spec.sync.schedule: "${schedule}" syncs every ${least} minutes: write one with ${this.minutes} or more between`,
      )
    })
  }
}

/** Looks at a construct if it is a manifest, overrides included; what is refused stops the synthesis. */
function onManifest(node: IConstruct, look: (manifest: any, refuse: (message: string) => void) => void): void {
  if (!EngageManifest.isEngageManifest(node)) return
  const { path } = node.node
  look(node.toManifest(), (message) => Annotations.of(node).addError(`${path}: ${node.kind}/${node.name}: ${message}`))
}
