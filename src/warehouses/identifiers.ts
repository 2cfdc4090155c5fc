import type { IdentifierRules } from '../engage/identifiers.ts'
import type { WarehouseKind } from '../model/warehouse-block.ts'
import { identifiers as bigquery } from './bigquery/limits.ts'
import { identifiers as databricks } from './databricks/limits.ts'
import { identifiers as duckdb } from './duckdb/limits.ts'
import { identifiers as postgres } from './postgres/limits.ts'
import { identifiers as redshift } from './redshift/limits.ts'
import { identifiers as snowflake } from './snowflake/limits.ts'

/** What each warehouse allows a name to be, for those who have no driver at hand. */
export const IDENTIFIERS: Record<WarehouseKind, IdentifierRules> = {
  snowflake,
  databricks,
  bigquery,
  redshift,
  postgres,
  duckdb,
}
