import type { PostgresSettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities } from './limits.ts'
import { openSession } from './session.ts'

export const driver: WarehouseDriver<'postgres'> = {
  create(settings: PostgresSettings, environment: WarehouseEnvironment): Warehouse {
    return {
      kind: 'postgres',
      dialect,
      capabilities,
      identity: identityOf(settings),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
