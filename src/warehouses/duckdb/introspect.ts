import { dialect } from './dialect.ts'

/** Schemas, tables and columns in one query. */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map((schema) => dialect.literal(schema, 'String')).join(', ')
  return `SELECT s.schema_name, c.table_name, CASE WHEN v.view_name IS NULL THEN 'Table' ELSE 'View' END AS kind, c.column_name, c.data_type
FROM duckdb_schemas() s
LEFT JOIN duckdb_columns() c ON c.database_name = s.database_name AND c.schema_name = s.schema_name
LEFT JOIN duckdb_views() v ON v.database_name = s.database_name AND v.schema_name = s.schema_name AND v.view_name = c.table_name
WHERE s.database_name = current_database() AND s.schema_name IN (${names || 'NULL'})
ORDER BY s.schema_name, c.table_name, c.column_index`
}
