import type { Observed, ObservedColumn, ObservedTable } from '../port.ts'
import { dialect } from './dialect.ts'

/** Schemas, tables, views and columns in one query: a schema without tables is a row without a table. */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map((schema) => dialect.literal(schema, 'String')).join(', ')
  return `SELECT s.schema_name, c.table_name, v.view_name, c.column_name, c.data_type
FROM duckdb_schemas() s
LEFT JOIN duckdb_columns() c ON c.database_name = s.database_name AND c.schema_name = s.schema_name
LEFT JOIN duckdb_views() v ON v.database_name = s.database_name AND v.schema_name = s.schema_name AND v.view_name = c.table_name
WHERE s.database_name = current_database() AND s.schema_name IN (${names || 'NULL'})
ORDER BY s.schema_name, c.table_name, c.column_index`
}

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
      kind: row.view_name === null ? 'Table' : 'View',
      columns: [],
    }
    tables.set(key, table)
    table.columns.push(observedColumn(row.column_name ?? '', row.data_type ?? ''))
  }
  return { schemas: [...schemas], tables: [...tables.values()] }
}

function observedColumn(name: string, sqlType: string): ObservedColumn {
  const type = dialect.logicalType(sqlType)
  return type === undefined ? { name, sqlType } : { name, sqlType, type }
}
