import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import { bookkeepingTables } from '../plan/bookkeeping.ts'
import { type ReconcileContext, warehouseFor } from '../reconcile/context.ts'
import { META, readWarehouseState } from '../reconcile/warehouse-state.ts'
import { readIfThere, writeAtomically } from './atomic-file.ts'

/**
 * The id of the installation that a folder is: the one it has, else that of the first ledger it meets (so that a second
 * checkout of the same folder goes on as the first), else a new one.
 */
export async function installationOf(
  stateDir: string,
  context: Omit<ReconcileContext, 'installationId'>,
): Promise<string> {
  const own = readIfThere(fileOf(stateDir))?.trim()
  if (own) return own
  return (await installationInWarehouses({ ...context, installationId: '' })) ?? randomUUID()
}

export function keepInstallation(stateDir: string, id: string): void {
  if (readIfThere(fileOf(stateDir))?.trim() !== id) writeAtomically(fileOf(stateDir), `${id}\n`)
}

const fileOf = (stateDir: string): string => join(stateDir, 'installation')

async function installationInWarehouses(context: ReconcileContext): Promise<string | undefined> {
  for (const destination of await context.store.destinations()) {
    const { bookkeepingSchema } = destination.spec
    try {
      const warehouse = await warehouseFor(context, destination)
      await using session = await warehouse.connect(context.signal)
      const ledger = { bookkeepingSchema, tables: bookkeepingTables(bookkeepingSchema) }
      const { meta } = await readWarehouseState(session, warehouse, ledger)
      const found = meta.get(META.installation)
      if (found !== undefined) return found
    } catch (error) {
      // The destination says so itself when it is reconciled.
      if (!(error instanceof EngageError)) throw error
    }
  }
  return undefined
}
