import type { Column, LogicalType, Table, TableName } from '../../model/table.ts'
import type { Change } from '../../plan/change.ts'
import { quote, table } from '../ansi.ts'
import { type MergeDialect, mergesOf } from '../merge.ts'
import type { Dialect } from '../port.ts'
import { identifiers, MAX_TEXT_BYTES } from './limits.ts'
import { removeRows, replaceRows } from './replace.ts'

const TEXT = `character varying(${MAX_TEXT_BYTES})`

/** `text` would be 256 bytes. Json is text: see docs/decisions/0013-redshift-json-is-text.md. */
const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'boolean',
  Integer: 'bigint',
  Float: 'double precision',
  Decimal: 'numeric(38,18)',
  String: TEXT,
  Timestamp: 'timestamp with time zone',
  Json: TEXT,
}

const LOGICAL_TYPES = new Map<string, LogicalType>([
  ['boolean', 'Boolean'],
  ['bigint', 'Integer'],
  ['double precision', 'Float'],
  ['numeric(38,18)', 'Decimal'],
  [TEXT, 'String'],
  ['timestamp with time zone', 'Timestamp'],
])

const sqlType = (type: LogicalType): string => SQL_TYPES[type]

/** A backslash escapes in Redshift's literals, whatever is set. U+0000 has no place in its text. */
export const textLiteral = (value: string): string =>
  `'${value.replaceAll('\0', '').replaceAll('\\', '\\\\').replaceAll("'", "''")}'`

function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  return type === 'String' || type === 'Json' ? textLiteral(value) : `CAST(${textLiteral(value)} AS ${sqlType(type)})`
}

/** The spelling that a column's name does not show. */
const comment = (name: TableName, { name: column, source }: Column): string[] =>
  source === undefined || source === column
    ? []
    : [`COMMENT ON COLUMN ${table(name)}.${quote(column)} IS ${textLiteral(source)}`]

/** Rows of one id, or of one user, stand together; a look at some time reads only the blocks of that time. */
function layoutOf({ key, columns }: Table): string {
  const [first = ''] = key
  const distribution = first === 'id' || first === 'user_id' ? ` DISTKEY (${quote(first)})` : ''
  const isTimed = columns.some(({ name }) => name === 'received_at')
  return `${distribution}${isTimed ? ` SORTKEY (${quote('received_at')})` : ''}`
}

function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)}`]
    case 'CreateTable': {
      const lines = step.table.columns.map((column) => `  ${quote(column.name)} ${sqlType(column.type)}`)
      return [
        `CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${lines.join(',\n')}\n)${layoutOf(step.table)}`,
        ...step.table.columns.flatMap((column) => comment(step.table, column)),
      ]
    }
    case 'AddColumn':
      return [
        `ALTER TABLE ${table(step.table)} ADD COLUMN ${quote(step.column.name)} ${sqlType(step.column.type)}`,
        ...comment(step.table, step.column),
      ]
    case 'RenameColumn':
      return [`ALTER TABLE ${table(step.table)} RENAME COLUMN ${quote(step.from)} TO ${quote(step.to)}`]
    case 'WidenColumn':
      // Only VARCHAR can be altered, and that is as long as it can be.
      return []
    case 'DropColumn':
      return [`ALTER TABLE ${table(step.table)} DROP COLUMN ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

function textKeys(expression: string, type: LogicalType): string[] {
  switch (type) {
    case 'String':
    case 'Json':
      // Texts that differ in blanks at their ends only are equal to Redshift.
      return [expression, `octet_length(${expression})`]
    case 'Boolean':
      return [`CASE WHEN ${expression} THEN 'true' WHEN NOT ${expression} THEN 'false' END`]
    case 'Float':
      // The text has 15 digits.
      return [`CAST(${expression} AS character varying(64))`, expression]
    default:
      return [`CAST(${expression} AS character varying(64))`]
  }
}

const merging: MergeDialect = {
  quote,
  table,
  literal,
  textKeys,
  onlyOf: (expression, type) => (type === 'Boolean' ? `bool_or(${expression})` : `max(${expression})`),
  upsert: replaceRows,
  remove: removeRows,
}

export const dialect: Dialect = {
  identifiers,
  quote,
  table,
  literal,
  sqlType,
  logicalType: (type) => LOGICAL_TYPES.get(type),
  canWiden: () => false,
  change,
  ...mergesOf(merging),
}
