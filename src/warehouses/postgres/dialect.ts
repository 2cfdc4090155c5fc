import type { LogicalType } from '../../model/table.ts'
import type { Change } from '../../plan/change.ts'
import { canWiden, comment, quote, table, text } from '../ansi.ts'
import type { Dialect } from '../port.ts'
import { identifiers } from './limits.ts'
import { mergeEvents, mergeUsers } from './merge.ts'

/** Float is `numeric` too: it keeps every decimal text exactly. */
const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'boolean',
  Integer: 'bigint',
  Float: 'numeric',
  Decimal: 'numeric',
  String: 'text',
  Timestamp: 'timestamp with time zone',
  Json: 'jsonb',
}

const LOGICAL_TYPES = new Map<string, LogicalType>([
  ['boolean', 'Boolean'],
  ['bigint', 'Integer'],
  ['numeric', 'Float'],
  ['text', 'String'],
  ['character varying', 'String'],
  ['timestamp with time zone', 'Timestamp'],
  ['jsonb', 'Json'],
])

const sqlType = (type: LogicalType): string => SQL_TYPES[type]

function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  // U+0000 has no place in Postgres.
  const quoted = text(value.replaceAll('\0', ''))
  return type === 'String' ? quoted : `CAST(${quoted} AS ${sqlType(type)})`
}

function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)}`]
    case 'CreateTable': {
      const lines = step.table.columns.map((column) => `  ${quote(column.name)} ${sqlType(column.type)}`)
      if (step.table.key.length > 0) lines.push(`  PRIMARY KEY (${step.table.key.map(quote).join(', ')})`)
      return [
        `CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${lines.join(',\n')}\n)`,
        ...step.table.columns.flatMap((column) => comment(step.table, column)),
      ]
    }
    case 'AddColumn':
      return [
        `ALTER TABLE ${table(step.table)} ADD COLUMN IF NOT EXISTS ${quote(step.column.name)} ${sqlType(step.column.type)}`,
        ...comment(step.table, step.column),
      ]
    case 'RenameColumn':
      return [`ALTER TABLE ${table(step.table)} RENAME COLUMN ${quote(step.from)} TO ${quote(step.to)}`]
    case 'WidenColumn': {
      const column = quote(step.column)
      const value = step.to === 'String' ? textOfColumn(column, step.from) : `${column}::${sqlType(step.to)}`
      return [`ALTER TABLE ${table(step.table)} ALTER COLUMN ${column} TYPE ${sqlType(step.to)} USING ${value}`]
    }
    case 'DropColumn':
      return [`ALTER TABLE IF EXISTS ${table(step.table)} DROP COLUMN IF EXISTS ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

/** The text of a column's value, the same that a call with that value would have given. */
function textOfColumn(column: string, type: LogicalType): string {
  switch (type) {
    case 'Float':
    case 'Decimal':
      return `trim_scale(${column})::text`
    case 'Timestamp':
      return `regexp_replace(to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '\\.000000Z$', 'Z')`
    default:
      return `${column}::text`
  }
}

export const dialect: Dialect = {
  identifiers,
  quote,
  table,
  literal,
  sqlType,
  logicalType: (type) => LOGICAL_TYPES.get(type),
  canWiden,
  change,
  mergeEvents: (merge) => mergeEvents(dialect, merge),
  mergeUsers: (merge) => mergeUsers(dialect, merge),
  insertMissing({ target, stage, columns }) {
    const names = columns.map(quote).join(', ')
    return [
      {
        sql: `INSERT INTO ${table(target)} (${names})\nSELECT ${names} FROM ${stage}\nON CONFLICT DO NOTHING`,
        counts: true,
      },
    ]
  },
}
