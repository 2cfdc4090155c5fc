import { EngageError } from '../model/errors.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { type Scope, scopeId } from '../plan/work-order.ts'
import { expireLease, runLeaseSeconds } from '../warehouses/lease.ts'
import { named, type ReconcileContext, warehouseFor } from './context.ts'

/**
 * Frees the lease of a run that was killed, so that the next one need not wait until it expires. Where it must wait
 * nevertheless, comes back with what for.
 */
export async function freeLease(context: ReconcileContext, scope: Scope, holder: string): Promise<string | undefined> {
  const destination = named(await context.store.destinations(), scope.namespace, scope.destination)
  if (!destination) return undefined
  try {
    const warehouse = await warehouseFor(context, destination)
    if (!warehouse.capabilities.transactions) {
      const minutes = runLeaseSeconds(warehouse.capabilities) / 60
      return `what it left running in ${scope.destination} must end first: the next run may have to wait for that, ${minutes} minutes at most`
    }
    await using session = await warehouse.connect(context.signal)
    const table = bookkeepingTable(destination.spec.bookkeepingSchema, 'leases')
    await expireLease(session, warehouse.dialect, { table, scope: scopeId(scope), holder })
  } catch (error) {
    // It expires by itself.
    if (!(error instanceof EngageError)) throw error
  }
  return undefined
}
