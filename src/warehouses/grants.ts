import type { WarehouseBlock } from '../model/warehouse-block.ts'
import { bigqueryGrants } from './bigquery/grants.ts'
import { databricksGrants } from './databricks/grants.ts'
import { duckdbGrants } from './duckdb/grants.ts'
import { postgresGrants } from './postgres/grants.ts'
import { redshiftGrants } from './redshift/grants.ts'
import { snowflakeGrants } from './snowflake/grants.ts'

/** The least that EngageOps needs in a warehouse, as a script that an administrator reads and runs. */
export interface Grants {
  /** What to do before and around the SQL: comments of the script. */
  notes: string[]
  statements: string[]
  /** What may stand in place of the statements that make schemas: EngageOps then makes those of further spaces by itself. */
  instead: string[]
}

/** The rights that a destination needs on these schemas, the bookkeeping schema first. No connection is made and no Secret is read. */
export function grantsFor(block: WarehouseBlock, schemas: readonly string[]): Grants {
  switch (block.kind) {
    case 'snowflake':
      return snowflakeGrants(block.settings, schemas)
    case 'databricks':
      return databricksGrants(block.settings, schemas)
    case 'bigquery':
      return bigqueryGrants(block.settings, schemas)
    case 'redshift':
      return redshiftGrants(block.settings, schemas)
    case 'postgres':
      return postgresGrants(block.settings, schemas)
    case 'duckdb':
      return duckdbGrants(block.settings)
  }
}
