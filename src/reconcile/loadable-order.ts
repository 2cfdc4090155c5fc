import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageSpace } from '../model/space.ts'
import type { Condition } from '../model/status.ts'
import { type CompileRules, compileWorkOrder } from '../plan/compile.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { SchemaPlan } from './schema.ts'

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

/** The same from a plan that was just made: without the tables that are somebody else's. */
export function loadableOf({ order, problems }: SchemaPlan): WorkOrder {
  const refused = new Set(
    problems.filter(({ reason }) => OTHERS_TABLES.includes(reason)).map(({ table }) => tableId(table)),
  )
  if (refused.size === 0) return order
  const { classic, ...others } = order
  const tables = order.tables.filter((table) => !refused.has(tableId(table)))
  const isClassicRefused = order.tables.some((table) => table.schema === classic?.schema && refused.has(tableId(table)))
  return {
    ...others,
    ...(classic && !isClassicRefused ? { classic } : {}),
    storageActions: order.storageActions.filter(({ table }) => !refused.has(tableId(table))),
    tables: isClassicRefused ? tables.filter(({ schema }) => schema !== classic?.schema) : tables,
  }
}

/** Reasons for which tables of somebody else stand where the rows would go. */
const OTHERS_TABLES: readonly string[] = ['AdoptionRefused', 'Conflict']

function isLoadable(conditions: readonly Condition[] | undefined): boolean {
  const schema = conditions?.find(({ type }) => type === 'SchemaReady')
  return schema !== undefined && !(schema.status === 'False' && OTHERS_TABLES.includes(schema.reason))
}
