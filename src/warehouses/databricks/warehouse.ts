import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities, withoutVolume } from './limits.ts'
import { authenticate, openSession } from './session.ts'

export const driver: WarehouseDriver<'databricks'> = {
  create(settings: DatabricksSettings, environment: WarehouseEnvironment): Warehouse {
    return {
      kind: 'databricks',
      dialect,
      capabilities: settings.stagingVolume === undefined ? withoutVolume : capabilities,
      identity: identityOf(settings),
      // A session starts the SQL warehouse, which costs money until it stops again.
      authenticate: (signal) => authenticate(settings, environment, signal),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
