import { EngageError } from '../model/errors.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { expireLease, runLeaseSeconds } from '../warehouses/lease.ts'
import { named, type ReconcileContext, warehouseFor } from './context.ts'

/** Names of a pair, as leases have them. */
export interface LeaseScope {
  namespace: string
  space: string
  destination: string
}

/**
 * Frees the lease of a run that was killed, so that the next one need not wait until it expires. Where it must wait
 * nevertheless, comes back with what for.
 */
export async function freeLease(
  context: ReconcileContext,
  { namespace, space, destination: name }: LeaseScope,
  holder: string,
): Promise<string | undefined> {
  const destination = named(await context.store.destinations(), namespace, name)
  if (!destination) return undefined
  try {
    const warehouse = await warehouseFor(context, destination)
    if (!warehouse.capabilities.transactions) {
      const minutes = runLeaseSeconds(warehouse.capabilities) / 60
      return `what it left running in ${name} must end first: the next run may have to wait for that, ${minutes} minutes at most`
    }
    await using session = await warehouse.connect(context.signal)
    const table = bookkeepingTable(destination.spec.bookkeepingSchema, 'leases')
    await expireLease(session, warehouse.dialect, { table, scope: `${namespace}/${space}/${name}`, holder })
  } catch (error) {
    // It expires by itself.
    if (!(error instanceof EngageError)) throw error
  }
  return undefined
}
