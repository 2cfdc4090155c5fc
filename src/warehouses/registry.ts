import type { WarehouseBlock } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { Warehouse, WarehouseEnvironment } from './port.ts'

/** The warehouse of a destination. A driver's code is loaded when a destination of its kind is used. */
export async function openWarehouse(block: WarehouseBlock, environment: WarehouseEnvironment): Promise<Warehouse> {
  switch (block.kind) {
    case 'duckdb':
      return (await import('./duckdb/warehouse.ts')).driver.create(block.settings, environment)
    case 'postgres':
      return (await import('./postgres/warehouse.ts')).driver.create(block.settings, environment)
    case 'databricks':
      return (await import('./databricks/warehouse.ts')).driver.create(block.settings, environment)
    case 'redshift':
      return (await import('./redshift/warehouse.ts')).driver.create(block.settings, environment)
    default:
      throw new EngageError(
        'WarehouseUnsupported',
        'Stalled',
        `this build has no driver for ${block.kind}: use redshift or postgres, or duckdb in the local mode`,
      )
  }
}
