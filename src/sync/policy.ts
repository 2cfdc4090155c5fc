import type { LanePolicy } from '../engage/lane.ts'
import { isStepOf } from '../engage/route.ts'
import type { LaneTarget } from '../engage/stage-columns.ts'
import type { TableName } from '../model/table.ts'
import { roomIn } from '../plan/column-limit.ts'
import type { SelectiveSyncRule, WorkOrder } from '../plan/work-order.ts'
import type { Warehouse } from '../warehouses/port.ts'
import type { Catalog } from './catalog.ts'

export const isWholeTable = (rule: SelectiveSyncRule): boolean => !rule.enabled && rule.properties === undefined

/** Whether selective sync leaves a column of a table out. */
export function leftOutBy(rules: readonly SelectiveSyncRule[]): (table: TableName, column: string) => boolean {
  const columns = new Set(
    rules.flatMap((rule) => (rule.enabled ? [] : (rule.properties ?? []).map((name) => `${rule.collection}.${name}`))),
  )
  return (table, column) => columns.has(`${table.name}.${column}`)
}

/** What a lane of this order may do on this warehouse; `isLeftOut` is that of selective sync. */
export function lanePolicy(
  order: WorkOrder,
  { dialect, capabilities }: Warehouse,
  catalog: Catalog,
  isLeftOut: (table: TableName, column: string) => boolean,
  targets: readonly LaneTarget[],
): LanePolicy {
  const journeys = order.computations.filter(({ kind }) => kind === 'Journey').map(({ key }) => key)
  return {
    identifiers: dialect.identifiers,
    fit: capabilities,
    undeclaredProperties: order.policy.undeclaredProperties,
    tables: targets.map(({ kind, bit }) => ({ bit, room: roomIn(kind, order.policy.maxColumns) })),
    mayWiden: (stored, to) =>
      order.policy.widenTypes === 'Allow' && (stored === undefined || dialect.canWiden(stored, to)),
    leftOutOf: (column) => targets.reduce((bits, { table, bit }) => (isLeftOut(table, column) ? bits | bit : bits), 0),
    refusersOf: (column) =>
      targets.filter((target) => !isLeftOut(target.table, column) && catalog.refuses(target, column)),
    isJourneyKey: (key) => journeys.some((journey) => key === journey || isStepOf(journey, key)),
  }
}
