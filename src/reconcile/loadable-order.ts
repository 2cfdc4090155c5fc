import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageSpace } from '../model/space.ts'
import type { Condition } from '../model/status.ts'
import { type CompileRules, compileWorkOrder } from '../plan/compile.ts'
import type { WorkOrder } from '../plan/work-order.ts'

/**
 * The work order of a sync: as the planner compiles it, without the tables that the last reconcile kept EngageOps off.
 * What was never reconciled is not loaded. Drift, a full table or a change that waits do not stop the load.
 */
export function loadableOrder(
  space: EngageSpace,
  destination: WarehouseDestination,
  activations: readonly Activation[],
  rules: CompileRules,
): WorkOrder {
  const loadable = activations.filter(({ status }) => isLoadable(status?.conditions))
  const { classic, ...order } = compileWorkOrder(space, destination, loadable, rules)
  if (classic === undefined) return order
  if (isLoadable(space.status?.conditions)) return { ...order, classic }
  return { ...order, tables: order.tables.filter(({ schema }) => schema !== classic.schema) }
}

/** Reasons for which tables of somebody else stand where the rows would go. */
const OTHERS_TABLES: readonly string[] = ['AdoptionRefused', 'Conflict']

function isLoadable(conditions: readonly Condition[] | undefined): boolean {
  const schema = conditions?.find(({ type }) => type === 'SchemaReady')
  return schema !== undefined && !(schema.status === 'False' && OTHERS_TABLES.includes(schema.reason))
}
