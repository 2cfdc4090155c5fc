import type { DuckDbSettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { configOf, identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities } from './limits.ts'

/** A DuckDB file, for the local mode: opened by each run and closed after it, so that other tools can open it too. */
export const driver: WarehouseDriver<'duckdb'> = {
  create(settings: DuckDbSettings, environment: WarehouseEnvironment): Warehouse {
    const config = configOf(settings, environment)
    return {
      kind: 'duckdb',
      dialect,
      capabilities,
      identity: identityOf(settings),
      // The driver is 70 MB of native code, which a cluster's image does not have.
      connect: async () => (await import('./session.ts')).openSession(config),
    }
  },
}
