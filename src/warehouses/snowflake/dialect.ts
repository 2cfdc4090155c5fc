import { type Column, LOGICAL_TYPES, type LogicalType, type TableName, type TypedColumn } from '../../model/table.ts'
import type { Change } from '../../plan/change.ts'
import { type MergeDialect, mergesOf } from '../merge.ts'
import type { Dialect } from '../port.ts'
import { deleteMatched, mergeInto } from '../upsert.ts'
import { identifiers } from './limits.ts'
import { quote, text } from './text.ts'

const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'BOOLEAN',
  Integer: 'NUMBER(38,0)',
  Float: 'FLOAT',
  Decimal: 'NUMBER(38,18)',
  String: 'VARCHAR',
  Timestamp: 'TIMESTAMP_TZ',
  Json: 'VARIANT',
}

const OF_SQL_TYPE = new Map(LOGICAL_TYPES.map((type) => [SQL_TYPES[type], type]))

const sqlType = (type: LogicalType): string => SQL_TYPES[type]

const table = ({ schema, name }: TableName): string => `${quote(schema)}.${quote(name)}`

function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  if (type === 'String') return text(value)
  if (type === 'Json') return `PARSE_JSON(${text(value)})`
  return `CAST(${text(value)} AS ${sqlType(type)})`
}

/** VALUES takes constants, and no PARSE_JSON: JSON goes through it as text. */
function rows(columns: readonly TypedColumn[], values: readonly (readonly (string | null)[])[]): string {
  const constant = (value: string | null, type: LogicalType) => literal(value, type === 'Json' ? 'String' : type)
  const tuples = values.map(
    (row) => `(${columns.map(({ type }, position) => constant(row[position] ?? null, type)).join(', ')})`,
  )
  const names = columns.map((_, position) => `v${position}`)
  const selected = columns.map(({ type }, position) => (type === 'Json' ? `PARSE_JSON(v${position})` : `v${position}`))
  return `SELECT ${selected.join(', ')} FROM (VALUES\n  ${tuples.join(',\n  ')}\n) AS __v (${names.join(', ')})`
}

/** A column's definition, with the spelling that its name does not show. */
function definition({ name, type, source }: Column): string {
  const comment = source === undefined || source === name ? '' : ` COMMENT ${text(source)}`
  return `${quote(name)} ${sqlType(type)}${comment}`
}

/** Columns of one statement: each statement takes about a second, and none should take long. */
const MOST_ADDED = 100

function addColumns(name: TableName, columns: readonly Column[]): string[] {
  const added = columns.map((column) => `IF NOT EXISTS ${definition(column)}`)
  const portions = Array.from({ length: Math.ceil(added.length / MOST_ADDED) }, (_, portion) =>
    added.slice(portion * MOST_ADDED, (portion + 1) * MOST_ADDED),
  )
  return portions.map((portion) => `ALTER TABLE ${table(name)} ADD COLUMN\n  ${portion.join(',\n  ')}`)
}

function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)}`]
    case 'CreateTable': {
      const columns = step.table.columns.map((column) => `  ${definition(column)}`)
      return [`CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${columns.join(',\n')}\n)`]
    }
    case 'AddColumn':
      return addColumns(step.table, [step.column])
    case 'RenameColumn':
      return [`ALTER TABLE ${table(step.table)} RENAME COLUMN ${quote(step.from)} TO ${quote(step.to)}`]
    case 'WidenColumn':
      return [`ALTER TABLE ${table(step.table)} ALTER COLUMN ${quote(step.column)} SET DATA TYPE ${sqlType(step.to)}`]
    case 'DropColumn':
      return [`ALTER TABLE IF EXISTS ${table(step.table)} DROP COLUMN IF EXISTS ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

/** What the merges of ../merge.ts need. */
const merging: MergeDialect = {
  quote,
  table,
  literal,
  textKeys,
  onlyOf,
  upsert: mergeInto,
  remove: deleteMatched,
}

/** Texts are compared by their bytes, unless somebody set a collation. */
function textKeys(expression: string, type: LogicalType): string[] {
  switch (type) {
    case 'String':
    case 'Timestamp':
      return [expression]
    case 'Json':
      return [`TO_JSON(${expression})`]
    // The text of a double may leave digits out.
    case 'Float':
      return [`TO_VARCHAR(${expression})`, expression]
    default:
      return [`TO_VARCHAR(${expression})`]
  }
}

function onlyOf(expression: string, type: LogicalType): string {
  switch (type) {
    case 'Boolean':
      return `BOOLOR_AGG(${expression})`
    case 'Json':
      return `GET(ARRAY_AGG(${expression}), 0)`
    default:
      return `MAX(${expression})`
  }
}

export const dialect: Dialect = {
  identifiers,
  quote,
  table,
  literal,
  rows,
  sqlType,
  logicalType: (type) => OF_SQL_TYPE.get(type),
  // ALTER TABLE makes texts longer and numbers of one scale larger, both of which have their greatest size already.
  canWiden: () => false,
  change,
  addColumns,
  ...mergesOf(merging),
}
