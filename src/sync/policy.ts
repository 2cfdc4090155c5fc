import type { LanePolicy } from '../engage/lane.ts'
import type { LaneTarget } from '../engage/stage-columns.ts'
import type { TableName } from '../model/table.ts'
import { roomIn } from '../plan/column-limit.ts'
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

/** What a lane of this order may do on this warehouse; `isWithout` says of a table that it does not get a column. */
export function lanePolicy(
  order: WorkOrder,
  { dialect, capabilities }: Warehouse,
  targets: readonly LaneTarget[],
  isWithout: (table: TableName, column: string) => boolean,
): LanePolicy {
  const journeys = order.computations.filter(({ kind }) => kind === 'Journey').map(({ key }) => key)
  return {
    identifiers: dialect.identifiers,
    fit: capabilities,
    undeclaredProperties: order.policy.undeclaredProperties,
    tables: targets.map(({ kind, bit }) => ({ bit, room: roomIn(kind, order.policy.maxColumns) })),
    mayWiden: (stored, to) =>
      order.policy.widenTypes === 'Allow' && (stored === undefined || dialect.canWiden(stored, to)),
    withoutColumn: (column) =>
      targets.reduce((bits, { table, bit }) => (isWithout(table, column) ? bits | bit : bits), 0),
    isJourneyKey: (key) => journeys.some((journey) => key === journey || key.startsWith(`${journey}__`)),
  }
}
