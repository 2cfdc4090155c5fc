import type { MetadataRow } from '../observed.ts'
import { lower, text, upper } from './text.ts'

/**
 * Schemas, tables and columns in one query. Types come as this driver writes them: VARCHAR where it has all the length
 * there is by default, NUMBER(38,0). Stages of this session are left out. Each view is given the schemas: Snowflake refuses
 * a query whose view has too many rows before the join (090030).
 */
export function observeQuery(schemas: readonly string[]): string {
  const names = schemas.map((schema) => text(upper(schema))).join(', ') || 'NULL'
  return `SELECT s.schema_name, t.table_name, CASE WHEN t.table_type = 'BASE TABLE' THEN 'Table' ELSE 'View' END AS kind,
  c.column_name, CASE
    WHEN c.data_type = 'TEXT' AND c.character_maximum_length >= 16777216 THEN 'VARCHAR'
    WHEN c.data_type = 'TEXT' THEN 'VARCHAR(' || c.character_maximum_length || ')'
    WHEN c.data_type = 'NUMBER' THEN 'NUMBER(' || c.numeric_precision || ',' || c.numeric_scale || ')'
    ELSE c.data_type
  END AS data_type
FROM information_schema.schemata AS s
LEFT JOIN information_schema.tables AS t ON t.table_schema = s.schema_name AND t.table_schema IN (${names})
  AND t.table_type NOT LIKE '%TEMPORARY%'
LEFT JOIN information_schema.columns AS c ON c.table_schema = t.table_schema AND c.table_name = t.table_name
  AND c.table_schema IN (${names})
WHERE s.schema_name IN (${names})
ORDER BY s.schema_name, t.table_name, c.ordinal_position`
}

/**
 * The names in lower case, as the rest of the program has them. What somebody made in quotes with lower-case letters
 * cannot be meant by an upper-case name: it is not ours, and not seen.
 */
export function addressable(rows: readonly MetadataRow[]): MetadataRow[] {
  const isOurs = (name: string | null | undefined) => !name || name === upper(name)
  const fold = (name: string | null | undefined) => (name ? lower(name) : null)
  return rows
    .filter((row) => isOurs(row.table_name) && isOurs(row.column_name))
    .map((row) => ({
      ...row,
      schema_name: fold(row.schema_name),
      table_name: fold(row.table_name),
      column_name: fold(row.column_name),
    }))
}
