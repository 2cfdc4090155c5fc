import type { Observed, ObservedColumn, ObservedTable } from '../port.ts'
import { dialect } from './dialect.ts'

/** Schemas, tables, views and columns in one query: a schema without tables is a row without a table. */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map((schema) => dialect.literal(schema, 'String')).join(', ')
  return `SELECT n.nspname AS schema_name, c.relname AS table_name, c.relkind::text AS kind, a.attname AS column_name,
  format_type(a.atttypid, a.atttypmod) AS data_type
FROM pg_catalog.pg_namespace n
LEFT JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE n.nspname IN (${names || 'NULL'})
ORDER BY n.nspname, c.relname, a.attnum`
}

/** Tables proper and partitioned ones; a foreign table is somebody else's, as a view is. */
const TABLE_KINDS = ['r', 'p']

export function observedOf(rows: readonly Record<string, string | null>[]): Observed {
  const schemas = new Set<string>()
  const tables = new Map<string, ObservedTable>()
  for (const row of rows) {
    const schema = row.schema_name ?? ''
    schemas.add(schema)
    if (row.table_name === null || row.table_name === undefined) continue
    const key = JSON.stringify([schema, row.table_name])
    const table: ObservedTable = tables.get(key) ?? {
      schema,
      name: row.table_name,
      kind: TABLE_KINDS.includes(row.kind ?? '') ? 'Table' : 'View',
      columns: [],
    }
    tables.set(key, table)
    if (row.column_name !== null) table.columns.push(observedColumn(row.column_name ?? '', row.data_type ?? ''))
  }
  return { schemas: [...schemas], tables: [...tables.values()] }
}

function observedColumn(name: string, sqlType: string): ObservedColumn {
  const type = dialect.logicalType(sqlType)
  return type === undefined ? { name, sqlType } : { name, sqlType, type }
}
