import type { Difference } from '../plan/difference.ts'
import { tableId } from '../plan/registry.ts'
import { tableOf } from '../plan/standard-tables.ts'
import { diffViews, type ViewDifference } from '../plan/view-diff.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { ObjectRow } from '../sync/registry.ts'
import type { Warehouse } from '../warehouses/port.ts'
import { ofKind } from './ownership.ts'
import type { Pair } from './schema.ts'
import type { WarehouseState } from './warehouse-state.ts'

/** The views beside the tables of a pair: those of the order, and those that syncs made for events that they met. */
export function compareViews(
  { pair, warehouse, order }: { pair: Pair; warehouse: Warehouse; order: WorkOrder },
  { usable, changes }: Difference,
  { observed, objects }: WarehouseState,
): ViewDifference {
  const known = new Set(order.tables.map(tableId))
  const ofSpace = ofKind('Table', objects).filter(({ owner }) => owner === order.owner.id)
  const met = new Set(ofSpace.map(tableId)).difference(known)
  return diffViews({
    tables: [
      ...usable.filter(({ schema }) => schema !== order.bookkeepingSchema),
      ...observed.tables
        .filter((it) => it.kind === 'Table' && met.has(tableId(it)))
        .map((table) => tableOf('Event', table)),
    ],
    changes,
    observed,
    owned: viewsIn(objects),
    taken: known,
    viewOf: warehouse.viewOf,
    types: warehouse.dialect,
    drift: pair.destination.spec.driftPolicy,
  })
}

/** The views whose names `objects` does not have yet, noted as claimed. */
export function newNames({ changes }: ViewDifference, objects: readonly ObjectRow[]): ViewDifference['views'] {
  const known = new Set(ofKind('View', objects).map(tableId))
  return changes.flatMap((change) =>
    change.kind === 'CreateView' && !known.has(tableId(change.view)) ? [{ view: change.view, fingerprint: '' }] : [],
  )
}

/** Views as `objects` has them: all rows of one say the same. */
const viewsIn = (objects: readonly ObjectRow[]) =>
  [...new Map(ofKind('View', objects).map((row) => [tableId(row), row])).values()].map(
    ({ schema, name, incarnation }) => ({ schema, name, fingerprint: incarnation }),
  )
