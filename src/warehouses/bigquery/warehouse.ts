import type { Table } from '../../model/table.ts'
import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import type { Warehouse, WarehouseDriver, WarehouseEnvironment } from '../port.ts'
import { identityOf } from './config.ts'
import { dialect } from './dialect.ts'
import { estimatorOf } from './estimator.ts'
import { capabilities } from './limits.ts'
import { openSession } from './session.ts'
import { viewOf } from './views.ts'

export const driver: WarehouseDriver<'bigquery'> = {
  create(settings: BigQuerySettings, environment: WarehouseEnvironment): Warehouse {
    const { views } = settings
    return {
      kind: 'bigquery',
      dialect,
      capabilities,
      identity: identityOf(settings),
      ...(views && { viewOf: (table: Table) => viewOf(table, views.lastDays) }),
      estimator: estimatorOf(settings, environment),
      connect: (signal) => openSession(settings, environment, signal),
    }
  },
}
