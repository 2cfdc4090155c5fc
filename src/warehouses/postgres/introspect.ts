import { dialect } from './dialect.ts'

/**
 * Schemas, tables and columns in one query. Tables are tables proper and partitioned ones; a foreign table is somebody
 * else's, as a view is.
 */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map((schema) => dialect.literal(schema, 'String')).join(', ')
  return `SELECT n.nspname AS schema_name, c.relname AS table_name, CASE WHEN c.relkind IN ('r', 'p') THEN 'Table' ELSE 'View' END AS kind,
  a.attname AS column_name, format_type(a.atttypid, a.atttypmod) AS data_type
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN (${names || 'NULL'})
ORDER BY n.nspname, c.relname, a.attnum`
}
