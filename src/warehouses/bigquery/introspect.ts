import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import { dialect } from './dialect.ts'

/**
 * Datasets, tables and columns in one query, which is paid as 10 MB for each of the three views. A clone is a table like
 * others; snapshots and external tables are somebody else's, as views are. Hidden columns are those of the service. Each view
 * is given the datasets: a region may have very many.
 */
export function observeQuery({ projectId, location }: BigQuerySettings, schemas: readonly string[]): string {
  const view = (name: string) =>
    `${dialect.quote(projectId)}.${dialect.quote(`region-${location.toLowerCase()}`)}.INFORMATION_SCHEMA.${name}`
  const names = schemas.map((schema) => dialect.literal(schema, 'String')).join(', ') || 'NULL'
  return `SELECT s.schema_name, t.table_name, IF(t.table_type IN ('BASE TABLE', 'CLONE'), 'Table', 'View') AS kind,
  c.column_name, c.data_type
FROM ${view('SCHEMATA')} AS s
LEFT JOIN ${view('TABLES')} AS t ON t.table_schema = s.schema_name AND t.table_schema IN (${names})
LEFT JOIN ${view('COLUMNS')} AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name AND c.is_hidden = 'NO'
  AND c.table_schema IN (${names})
WHERE s.schema_name IN (${names})
ORDER BY s.schema_name, t.table_name, c.ordinal_position`
}
