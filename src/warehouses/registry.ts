import type { WarehouseBlock } from '../model/warehouse-block.ts'
import type { Warehouse, WarehouseEnvironment } from './port.ts'

/** The warehouse of a destination. A driver's code is loaded when a destination of its kind is used. */
export async function openWarehouse(block: WarehouseBlock, environment: WarehouseEnvironment): Promise<Warehouse> {
  switch (block.kind) {
    case 'duckdb':
      return (await import('./duckdb/warehouse.ts')).driver.create(block.settings, environment)
    case 'postgres':
      return (await import('./postgres/warehouse.ts')).driver.create(block.settings, environment)
    case 'snowflake':
      return (await import('./snowflake/warehouse.ts')).driver.create(block.settings, environment)
    case 'bigquery':
      return (await import('./bigquery/warehouse.ts')).driver.create(block.settings, environment)
    case 'databricks':
      return (await import('./databricks/warehouse.ts')).driver.create(block.settings, environment)
    case 'redshift':
      return (await import('./redshift/warehouse.ts')).driver.create(block.settings, environment)
  }
}
