import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities } from './limits.ts'
import { openSession } from './session.ts'

export const driver: WarehouseDriver<'snowflake'> = {
  create(settings: SnowflakeSettings, environment: WarehouseEnvironment): Warehouse {
    return {
      kind: 'snowflake',
      dialect,
      capabilities,
      identity: identityOf(settings),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
