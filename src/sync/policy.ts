import type { LanePolicy } from '../engage/lane.ts'
import type { TableName } from '../model/table.ts'
import type { SelectiveSyncRule, WorkOrder } from '../plan/work-order.ts'
import type { Warehouse } from '../warehouses/port.ts'

export const isWholeTable = (rule: SelectiveSyncRule): boolean => !rule.enabled && rule.properties === undefined

/** Whether selective sync leaves a column of a table out. */
export function leftOutBy(rules: readonly SelectiveSyncRule[]): (table: TableName, column: string) => boolean {
  const columns = new Set(
    rules.flatMap((rule) => (rule.enabled ? [] : (rule.properties ?? []).map((name) => `${rule.collection}.${name}`))),
  )
  return (table, column) => columns.has(`${table.name}.${column}`)
}

/** What lanes of this order may do on this warehouse. */
export function lanePolicy(
  order: WorkOrder,
  { dialect, capabilities }: Warehouse,
  isDisabled: (column: string) => boolean,
): LanePolicy {
  const journeys = order.computations.filter(({ kind }) => kind === 'Journey').map(({ key }) => key)
  return {
    identifiers: dialect.identifiers,
    fit: capabilities,
    undeclaredProperties: order.policy.undeclaredProperties,
    maxColumns: order.policy.maxColumns,
    mayWiden: (stored, to) =>
      order.policy.widenTypes === 'Allow' && (stored === undefined || dialect.canWiden(stored, to)),
    isDisabled,
    isJourneyKey: (key) => journeys.some((journey) => key === journey || key.startsWith(`${journey}__`)),
  }
}
