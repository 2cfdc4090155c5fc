import { hash } from 'node:crypto'
import type { WarehouseDestination } from '../model/destination.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Capabilities } from '../warehouses/port.ts'
import type { Pair, SchemaPlan } from './schema.ts'

/**
 * Plans that left nothing to do, in a process that looks at its spaces again and again. Where tables are compared OnSync
 * (the default where every statement costs money) such a plan holds until a manifest changes or a sync has run: no session
 * is opened meanwhile.
 */
export class SettledPlans {
  readonly #plans = new Map<string, { fingerprint: string; plan: SchemaPlan }>()

  find({ scope }: WorkOrder, fingerprint: string): SchemaPlan | undefined {
    const kept = this.#plans.get(scope)
    return kept?.fingerprint === fingerprint ? kept.plan : undefined
  }

  /** Keeps a plan that was carried out, unless something is left to be told or done. */
  keep(plan: SchemaPlan, fingerprint: string): void {
    const { order, problems, drift, awaiting } = plan
    if (problems.length > 0 || drift.length > 0 || awaiting.changes.length > 0) this.#plans.delete(order.scope)
    else this.#plans.set(order.scope, { fingerprint, plan })
  }

  /** For a space that is gone: `NAMESPACE/NAME`. */
  forget(space: string): void {
    for (const scope of this.#plans.keys()) if (scope.startsWith(`${space}/`)) this.#plans.delete(scope)
  }
}

/** Whether tables are compared only when a manifest has changed or a sync has run. */
export const isOnSync = ({ spec }: WarehouseDestination, { metered }: Pick<Capabilities, 'metered'>): boolean =>
  (spec.driftPolicy.interval ?? (metered ? 'OnSync' : '')) === 'OnSync'

/** What a plan depends on, beside the warehouse itself. */
export function fingerprintOf({ space, destination, resources }: Pair, order: WorkOrder): string {
  const owners = resources.activations
    .filter(
      ({ metadata, spec }) => metadata.namespace === space.metadata.namespace && spec.spaceRef.name === order.space,
    )
    .map(({ metadata: { name, uid, annotations } }) => [name, uid, annotations])
  const parts = [order, owners, space.metadata.annotations, space.status?.lastSync?.runId, destination.spec]
  return hash('sha256', JSON.stringify(parts), 'base64')
}
