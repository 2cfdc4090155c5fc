import type { BigQuerySettings } from '../../model/destination.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { capabilities } from './limits.ts'
import { openSession } from './session.ts'

export const driver: WarehouseDriver<'bigquery'> = {
  create(settings: BigQuerySettings, environment: WarehouseEnvironment): Warehouse {
    return {
      kind: 'bigquery',
      dialect,
      capabilities,
      identity: identityOf(settings),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
