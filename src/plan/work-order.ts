import type { Activation, MappingSpec, Trigger } from '../model/activation.ts'
import type { SourceSpec } from '../model/space.ts'
import type { LogicalType, Table, TableName } from '../model/table.ts'

/** A space and one of its destinations, by their names. */
export interface Scope {
  namespace: string
  space: string
  destination: string
}

export const scopeOf = ({ metadata, spec }: Activation): Scope => ({
  namespace: metadata.namespace,
  space: spec.spaceRef.name,
  destination: spec.destinationRef.name,
})

/** What lease, checkpoints, discards and runs of a scope are kept under. */
export const scopeId = ({ namespace, space, destination }: Scope): string => `${namespace}/${space}/${destination}`

/**
 * Everything that a sync of one space into one destination needs to know, compiled from the resources: plain JSON, no
 * secret in it. The planner takes the desired tables from it, the runner the routing: one compilation, two readers.
 */
export interface WorkOrder extends Scope {
  /** See scopeId. */
  scope: string
  /** Segment's id of the space, where configured. */
  spaceId?: string
  /** Who owns the tables that a sync makes for events it meets: the space, as `objects` names it. */
  owner: { id: string; uid: string }
  bookkeepingSchema: string
  sources: SourceSpec[]
  computations: Computation[]
  /** Classic storage; absent where the space has neither computations nor classic activations. */
  classic?: ClassicOrder
  storageActions: StorageActionsOrder[]
  /** The tables that must exist before the first call, with their standard and declared columns. */
  tables: Table[]
  selectiveSync: SelectiveSyncRule[]
  policy: SchemaPolicy
}

export interface Computation {
  key: string
  kind: 'Audience' | 'LinkedAudience' | 'ComputedTrait' | 'Journey'
  /** Type of the trait that calls carry under the key: Boolean but for computed traits. */
  type: LogicalType
}

export interface ClassicOrder {
  schema: string
  activations: ClassicActivation[]
}

export interface ClassicActivation {
  /** Name of the Activation resource. */
  name: string
  computation: string
  calls: ('Identify' | 'Track')[]
  /** Event names of the activation, as calls spell them; each has a table of its own. */
  eventNames: { entered: string; exited: string; computed: string }
  sendMobileIds: boolean
  backfill: 'All' | 'None'
}

export interface StorageActionsOrder {
  /** Name of the Activation resource. */
  name: string
  computation: string
  table: TableName
  triggers: Trigger[]
  mapping: MappingSpec
  /** Columns with a path into the call, beside those that the mapping makes. `name` is the identifier in the warehouse. */
  columns: { name: string; type: LogicalType; path: string }[]
  backfill: 'All' | 'None'
}

export interface SelectiveSyncRule {
  collection: string
  properties?: string[] | undefined
  enabled: boolean
}

export interface SchemaPolicy {
  undeclaredProperties: 'Column' | 'Discard'
  widenTypes: 'Allow' | 'Forbid'
  maxColumns: number
  /** How many days before and after a call its duplicates are looked for, where the warehouse prunes by time. */
  dedupeDays: number
}
