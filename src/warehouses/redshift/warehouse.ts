import type { RedshiftSettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf, isServerless } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities } from './limits.ts'
import { openSession } from './session.ts'

export const driver: WarehouseDriver<'redshift'> = {
  create(settings: RedshiftSettings, environment: WarehouseEnvironment): Warehouse {
    return {
      kind: 'redshift',
      dialect,
      capabilities: { ...capabilities, metered: isServerless(settings) },
      identity: identityOf(settings),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
