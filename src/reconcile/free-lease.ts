import { EngageError } from '../model/errors.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { expireLease } from '../warehouses/lease.ts'
import { named, type ReconcileContext, warehouseFor } from './context.ts'

/** Names of a pair, as leases have them. */
export interface LeaseScope {
  namespace: string
  space: string
  destination: string
}

/** Frees the lease of a run that was killed, so that the next one need not wait until it expires. */
export async function freeLease(
  context: ReconcileContext,
  { namespace, space, destination: name }: LeaseScope,
  holder: string,
): Promise<void> {
  const destination = named(await context.store.destinations(), namespace, name)
  if (!destination) return
  try {
    const warehouse = await warehouseFor(context, destination)
    await using session = await warehouse.connect(context.signal)
    const leases = bookkeepingTable(destination.spec.bookkeepingSchema, 'leases')
    await expireLease(session, warehouse.dialect, leases, `${namespace}/${space}/${name}`, holder)
  } catch (error) {
    // It expires by itself.
    if (!(error instanceof EngageError)) throw error
  }
}
