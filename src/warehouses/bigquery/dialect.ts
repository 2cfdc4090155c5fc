import type { Column, LogicalType, Table, TableName } from '../../model/table.ts'
import type { Change, ViewChange } from '../../plan/change.ts'
import { type MergeDialect, mergesOf } from '../merge.ts'
import type { Dialect } from '../port.ts'
import { deleteMatched, mergeInto } from '../upsert.ts'
import { identifiers } from './limits.ts'

/**
 * Json is text: values of type JSON cannot be compared or grouped, their numbers are rounded or refused, and one that is
 * refused would fail the load of all. The JSON functions take text as well.
 */
const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'BOOL',
  Integer: 'INT64',
  Float: 'FLOAT64',
  Decimal: 'BIGNUMERIC',
  String: 'STRING',
  Timestamp: 'TIMESTAMP',
  Json: 'STRING',
}

const LOGICAL_TYPES = new Map<string, LogicalType>([
  ['BOOL', 'Boolean'],
  ['INT64', 'Integer'],
  ['FLOAT64', 'Float'],
  ['BIGNUMERIC', 'Decimal'],
  ['STRING', 'String'],
  ['TIMESTAMP', 'Timestamp'],
])

const sqlType = (type: LogicalType): string => SQL_TYPES[type]

const ESCAPES: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '`': '\\`',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\u0000',
}

/** Backslashes have a meaning in texts and in names. */
const escaped = (value: string): string => value.replace(/[\\'`\n\r\0]/g, (character) => ESCAPES[character] ?? '')

const text = (value: string): string => `'${escaped(value)}'`
const quote = (identifier: string): string => `\`${escaped(identifier)}\``
const table = ({ schema, name }: TableName): string => `${quote(schema)}.${quote(name)}`

function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  if (type === 'String' || type === 'Json') return text(value)
  // Only what is a constant to the planner keeps it from reading days that are not asked for.
  return type === 'Timestamp' ? `TIMESTAMP ${text(value)}` : `CAST(${text(value)} AS ${sqlType(type)})`
}

/** In place; a column never becomes text. */
const WIDENINGS: Partial<Record<LogicalType, readonly LogicalType[]>> = {
  Integer: ['Float', 'Decimal'],
  Json: ['String'],
}

const canWiden = (from: LogicalType, to: LogicalType): boolean => WIDENINGS[from]?.includes(to) ?? false

const DESCRIPTION_LENGTH = 1024

function definition(column: Pick<Column, 'name' | 'type' | 'source'>): string {
  const { name, type, source } = column
  const shown =
    source === undefined || source === name ? '' : ` OPTIONS(description=${text(source.slice(0, DESCRIPTION_LENGTH))})`
  return `${quote(name)} ${sqlType(type)}${shown}`
}

/**
 * Tables of calls are kept by day, so that merges read the days around their rows only; that of users, whose merge asks
 * for ids, is not. No primary key: it would not be enforced, and a planner that trusts it gives wrong results once a call
 * came again after the dedupe window.
 */
function layout(made: Table): string {
  const { key } = made
  const clauses = [
    ...(isByDay(made) ? [`PARTITION BY TIMESTAMP_TRUNC(${quote('received_at')}, DAY)`] : []),
    ...(key.length > 0 ? [`CLUSTER BY ${key.slice(0, 4).map(quote).join(', ')}`] : []),
  ]
  return clauses.map((clause) => `\n${clause}`).join('')
}

/** Whether a table is one of calls, which are kept by the day of their `received_at`. */
export function isByDay({ key, columns }: Table): boolean {
  const names = new Set(columns.map(({ name }) => name))
  const isOfUsers =
    !names.has('timestamp') && columns.some(({ name, origin }) => name === 'user_id' && origin === 'Standard')
  return key.includes('id') && names.has('received_at') && !isOfUsers
}

/** All in one: a table takes five such statements in ten seconds. */
const addColumns = (name: TableName, columns: readonly Column[]): string[] => [
  `ALTER TABLE ${table(name)}\n  ${columns.map((column) => `ADD COLUMN IF NOT EXISTS ${definition(column)}`).join(',\n  ')}`,
]

function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)} OPTIONS(labels=[('managed-by', 'engageops')])`]
    case 'CreateTable': {
      const columns = step.table.columns.map((column) => `  ${definition(column)}`)
      return [`CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${columns.join(',\n')}\n)${layout(step.table)}`]
    }
    case 'AddColumn':
      return addColumns(step.table, [step.column])
    case 'RenameColumn':
      return [`ALTER TABLE ${table(step.table)} RENAME COLUMN IF EXISTS ${quote(step.from)} TO ${quote(step.to)}`]
    case 'WidenColumn':
      // Json is text already.
      if (sqlType(step.from) === sqlType(step.to)) return []
      return [`ALTER TABLE ${table(step.table)} ALTER COLUMN ${quote(step.column)} SET DATA TYPE ${sqlType(step.to)}`]
    case 'DropColumn':
      return [`ALTER TABLE IF EXISTS ${table(step.table)} DROP COLUMN IF EXISTS ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

function viewChange(step: ViewChange): string[] {
  if (step.kind === 'DropView') return [`DROP VIEW IF EXISTS ${table(step.view)}`]
  const options = "OPTIONS(labels=[('managed-by', 'engageops')])"
  return [`CREATE OR REPLACE VIEW ${table(step.view)} ${options} AS\n${step.view.query}`]
}

const merging: MergeDialect = {
  quote,
  table,
  literal,
  textKeys: (expression, type) => [sqlType(type) === 'STRING' ? expression : `CAST(${expression} AS STRING)`],
  onlyOf: (expression) => `max(${expression})`,
  upsert: mergeInto,
  remove: deleteMatched,
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
  addColumns,
  viewChange,
  ...mergesOf(merging),
}
