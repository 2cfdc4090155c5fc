import type { Cluster } from './cluster.ts'
import type { Path } from './errors.ts'
import type { State } from './values.ts'

export interface Planned {
  state: State
  /** Attributes whose change needs a new resource. */
  replace: Path[]
}

/** A resource of this provider. States are of the schema; null is a resource that is not there. */
export interface Resource {
  /** Its states are those of Terraform's older SDK, which may fill defaults in. */
  readonly legacy: boolean
  validate(config: State): void
  plan(cluster: Cluster, prior: State | null, proposed: State): Promise<Planned>
  /** Creates it, where `prior` is null, or changes it. */
  apply(cluster: Cluster, prior: State | null, planned: State, config: State): Promise<State>
  delete(cluster: Cluster, prior: State): Promise<void>
  read(cluster: Cluster, state: State): Promise<State | null>
  import(cluster: Cluster, id: string): Promise<State>
}
