import type { LogicalType } from '../../model/table.ts'
import type { Change } from '../../plan/change.ts'
import { canWiden, comment, quote, table, text } from '../ansi.ts'
import type { Dialect } from '../port.ts'
import { identifiers } from './limits.ts'
import { mergeEvents, mergeUsers } from './merge.ts'
import { textOfColumn } from './text.ts'

/** JSON is a type of its own: the extension is part of the driver's library. Timestamps are UTC, without a zone. */
const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'BOOLEAN',
  Integer: 'BIGINT',
  Float: 'DOUBLE',
  Decimal: 'DECIMAL(38,18)',
  String: 'VARCHAR',
  Timestamp: 'TIMESTAMP',
  Json: 'JSON',
}

const LOGICAL_TYPES = new Map<string, LogicalType>([
  ['BOOLEAN', 'Boolean'],
  ['BIGINT', 'Integer'],
  ['DOUBLE', 'Float'],
  ['DECIMAL(38,18)', 'Decimal'],
  ['VARCHAR', 'String'],
  ['TIMESTAMP', 'Timestamp'],
  ['JSON', 'Json'],
])

const sqlType = (type: LogicalType): string => SQL_TYPES[type]

/** U+0000 cannot stand in the text of a statement. */
function textLiteral(value: string): string {
  const parts = value.split('\0').map(text)
  return parts.length === 1 ? parts.join() : `(${parts.join(' || chr(0) || ')})`
}

function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  return type === 'String' ? textLiteral(value) : `CAST(${textLiteral(value)} AS ${sqlType(type)})`
}

/** No keys: an index of 10 million ids would need more memory than the whole of a sync. Merges look for the id instead. */
function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)}`]
    case 'CreateTable': {
      const columns = step.table.columns.map((column) => `  ${quote(column.name)} ${sqlType(column.type)}`)
      return [
        `CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${columns.join(',\n')}\n)`,
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
      const using = step.to === 'String' ? ` USING ${textOfColumn(column, step.from)}` : ''
      return [`ALTER TABLE ${table(step.table)} ALTER COLUMN ${column} TYPE ${sqlType(step.to)}${using}`]
    }
    case 'DropColumn':
      return [`ALTER TABLE IF EXISTS ${table(step.table)} DROP COLUMN IF EXISTS ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

export const dialect: Dialect = {
  identifiers,
  quote,
  table,
  literal,
  sqlType,
  logicalType: (type) => LOGICAL_TYPES.get(type.toUpperCase()),
  canWiden,
  change,
  mergeEvents: (merge) => mergeEvents(dialect, merge),
  mergeUsers: (merge) => mergeUsers(dialect, merge),
  insertMissing({ target, stage, columns }) {
    const names = columns.map(quote).join(', ')
    const same = target.key.map((key) => `t.${quote(key)} IS NOT DISTINCT FROM s.${quote(key)}`).join(' AND ')
    const key = target.key.map(quote).join(', ')
    return [
      {
        sql: `INSERT INTO ${table(target)} (${names})
SELECT ${names} FROM (SELECT DISTINCT ON (${key}) ${names} FROM ${stage}) AS s
WHERE NOT EXISTS (SELECT 1 FROM ${table(target)} AS t WHERE ${same})`,
        counts: true,
      },
    ]
  },
}
