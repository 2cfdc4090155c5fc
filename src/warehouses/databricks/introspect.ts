import { text } from './sql.ts'

/**
 * Schemas, tables and columns of the session's catalog in one query. Tables are those that can be merged into; one of
 * another format is somebody else's, as a view is. Each view is given the schemas: those of a large catalog take minutes.
 */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map(text).join(', ') || 'NULL'
  return `SELECT s.schema_name, t.table_name,
  CASE WHEN t.table_type IN ('MANAGED', 'EXTERNAL') AND t.data_source_format = 'DELTA' THEN 'Table' ELSE 'View' END AS kind,
  c.column_name, c.full_data_type AS data_type
FROM information_schema.schemata AS s
LEFT JOIN information_schema.tables AS t ON t.table_schema = s.schema_name AND t.table_schema IN (${names})
LEFT JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
  AND c.table_schema IN (${names})
WHERE s.schema_name IN (${names})
ORDER BY s.schema_name, t.table_name, c.ordinal_position`
}

/** The names of tables of a schema that begin with a prefix. */
export const tablesQuery = (schema: string, prefix: string): string =>
  `SELECT t.table_name FROM information_schema.tables AS t WHERE t.table_schema = ${text(schema)} AND startswith(t.table_name, ${text(prefix)})`
