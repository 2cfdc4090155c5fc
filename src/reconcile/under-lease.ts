import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { acquireLease } from '../warehouses/lease.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'
import type { ReconcileContext } from './context.ts'

/** Statements that change tables take seconds, and can come again: also one that a process left running. */
const LEASE_SECONDS = 300

/** Statements that change tables, and those that note it in the ledger. */
export interface Writes {
  /** Notes of names that are about to be taken by objects which hold no data: what a crash leaves of them is ours. */
  claims?: readonly string[]
  ddl: readonly string[]
  ledger: readonly string[]
}

/**
 * Works out what to write and writes it while nobody else may: under the writer lease of the scope, in one transaction
 * where the warehouse has DDL in transactions. Elsewhere the tables come first: without its note in the ledger a table is
 * taken for somebody else's, so that it is never dropped by mistake. Throws LeaseHeld (Wait) where another has the lease.
 */
export async function writeUnderLease<W extends Writes>(
  { holder, now }: ReconcileContext,
  { session, warehouse }: { session: Session; warehouse: Warehouse },
  { scope, bookkeepingSchema }: { scope: string; bookkeepingSchema: string },
  workOut: () => Promise<W>,
): Promise<W> {
  const { transactionalDdl } = warehouse.capabilities
  const table = bookkeepingTable(bookkeepingSchema, 'leases')
  const lease = await acquireLease(session, warehouse, { table, scope, holder, seconds: LEASE_SECONDS, now })
  const run = async (statements: readonly string[]) => {
    await lease.check()
    for (const sql of statements) await lease.execute(sql)
  }
  try {
    const writes = await workOut()
    const { claims = [], ddl, ledger } = writes
    if (claims.length > 0) await run(claims)
    if (!transactionalDdl) await run(ddl)
    await session.transaction(() => run(transactionalDdl ? [...ddl, ...ledger] : ledger))
    return writes
  } finally {
    await lease.release().catch(() => undefined) // A lease that cannot be given back expires.
  }
}
