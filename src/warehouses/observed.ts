import type { Dialect, Observed, ObservedColumn, ObservedTable } from './port.ts'

/** What a warehouse's metadata query gives: schema_name, table_name, kind (Table or View), column_name, data_type. */
export type MetadataRow = Record<string, string | null>

/** The tables of a metadata query, whose rows come column by column; a schema without tables is a row without a table. */
export function observedOf(rows: readonly MetadataRow[], { logicalType }: Pick<Dialect, 'logicalType'>): Observed {
  const schemas = new Set<string>()
  const tables = new Map<string, ObservedTable>()
  for (const { schema_name: schema, table_name: name, kind, column_name: column, data_type: sqlType } of rows) {
    if (!schema) continue
    schemas.add(schema)
    if (!name) continue
    const key = JSON.stringify([schema, name])
    const table = tables.get(key) ?? { schema, name, kind: kind === 'Table' ? 'Table' : 'View', columns: [] }
    tables.set(key, table)
    if (column && sqlType) table.columns.push(observedColumn(column, sqlType, logicalType(sqlType)))
  }
  return { schemas: [...schemas], tables: [...tables.values()] }
}

const observedColumn = (name: string, sqlType: string, type: ObservedColumn['type']): ObservedColumn =>
  type === undefined ? { name, sqlType } : { name, sqlType, type }
