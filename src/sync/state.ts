import type { IdentifierRules } from '../engage/identifiers.ts'
import { compileRouter, type Subscription } from '../engage/route.ts'
import { EngageError } from '../model/errors.ts'
import { tablesOfActivation } from '../plan/activation-tables.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'
import { Catalog } from './catalog.ts'
import { Checkpoints, type Member } from './checkpoints.ts'
import { readColumns, readIncarnations } from './registry.ts'

/** Reads what a run must know of the warehouse: tables, columns and their origin, positions. */
export async function readState(
  session: Session,
  { dialect }: Warehouse,
  order: WorkOrder,
): Promise<{ catalog: Catalog; checkpoints: Checkpoints }> {
  const schema = order.bookkeepingSchema
  const schemas = new Set([schema, ...order.tables.map((table) => table.schema)])
  const observed = await session.observe([...schemas])
  const present = new Set(observed.tables.map(tableId))
  const missing = order.tables.find((table) => !present.has(tableId(table)))
  if (missing) {
    throw new EngageError(
      'Drifted',
      'Wait',
      `table ${tableId(missing)} does not exist: apply makes it, then sync again`,
    )
  }
  const registry = await readColumns(session, dialect, order)
  const incarnations = await readIncarnations(session, dialect, order)
  const catalog = new Catalog(order, observed, registry, dialect)
  const members = compileRouter(order).subscriptions.map((subscription): Member => {
    const { of, key, backfill } = subscription
    const name = `${of === 'Users' ? 'users' : 'activation'}/${key}`
    if (backfill === 'None') return { of, id: name }
    const tables = tablesOf(order, subscription, dialect.identifiers)
    return { of, id: [name, ...tables.map((table) => incarnations.get(table) ?? '')].join('@') }
  })
  const checkpoints = new Checkpoints(session, dialect, schema, order.scope, members)
  await checkpoints.load()
  return { catalog, checkpoints }
}

/**
 * Ids of the declared tables that a subscription fills: when one of them is made again, the subscription starts again.
 * Tables that a sync makes on the way do not count, nor does anything where there is no backfill.
 */
export function tablesOf(order: WorkOrder, { of, key }: Subscription, identifiers: IdentifierRules): string[] {
  const users = tableId({ schema: order.classic?.schema ?? '', name: 'users' })
  if (of === 'Users') return [users]
  return [...tablesOfActivation(order, key, identifiers).keys()].filter((table) => table !== users)
}
