import type { Column, Table, TableName } from '../../model/table.ts'
import type { Change } from '../../plan/change.ts'
import { quote, sqlType, table, text } from './sql.ts'

/** Columns are known to files by numbers: so they can be renamed and dropped, and named anything. */
export const PROPERTIES = "TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"

/** One statement, and one commit of the table: see Dialect.addColumns in ../port.ts. */
export const addColumns = (name: TableName, columns: readonly Column[]): string[] => [
  `ALTER TABLE ${table(name)} ADD COLUMNS (\n  ${columns.map(definition).join(',\n  ')}\n)`,
]

/** The statements of a change: see Dialect.change in ../port.ts. */
export function change(step: Change): string[] {
  switch (step.kind) {
    case 'CreateSchema':
      return [`CREATE SCHEMA IF NOT EXISTS ${quote(step.schema)}`]
    case 'CreateTable': {
      const lines = step.table.columns.map((column) => `  ${definition(column)}`)
      const layout = ['USING DELTA', ...clusterBy(step.table), PROPERTIES].join('\n')
      return [`CREATE TABLE IF NOT EXISTS ${table(step.table)} (\n${lines.join(',\n')}\n)\n${layout}`]
    }
    case 'AddColumn':
      return addColumns(step.table, [step.column])
    case 'RenameColumn':
      return [`ALTER TABLE ${table(step.table)} RENAME COLUMN ${quote(step.from)} TO ${quote(step.to)}`]
    case 'WidenColumn':
      // Json is text already.
      if (sqlType(step.from) === sqlType(step.to)) return []
      return [
        `ALTER TABLE ${table(step.table)} SET TBLPROPERTIES ('delta.enableTypeWidening' = 'true')`,
        `ALTER TABLE ${table(step.table)} ALTER COLUMN ${quote(step.column)} TYPE ${sqlType(step.to)}`,
      ]
    case 'DropColumn':
      return [`ALTER TABLE ${table(step.table)} DROP COLUMN IF EXISTS ${quote(step.column)}`]
    case 'DropTable':
      return [`DROP TABLE IF EXISTS ${table(step.table)}`]
  }
}

/** With the spelling that the name does not show as comment. */
function definition({ name, type, source }: Column): string {
  const comment = source === undefined || source === name ? '' : ` COMMENT ${text(source)}`
  return `${quote(name)} ${sqlType(type)}${comment}`
}

/**
 * Merges look at a stretch of time (see EventsMerge.within): a file whose statistics lie outside of it is not read. Rows
 * come nearly in the order of their times, and clustering keeps it so when small files are made into large ones. The twin
 * of users is asked for users.
 */
function clusterBy({ key, columns }: Table): string[] {
  const [first] = key
  const by = first === 'user_id' ? first : columns.find(({ name }) => name === 'received_at')?.name
  return by === undefined ? [] : [`CLUSTER BY (${quote(by)})`]
}

const RENAME = /^ALTER TABLE (?<table>(?:`(?:[^`]|``)+`\.?)+) RENAME COLUMN `(?:[^`]|``)+` TO (?<to>`(?:[^`]|``)+`)$/
const ADD = /^(?<alter>ALTER TABLE (?:`(?:[^`]|``)+`\.?)+ ADD COLUMNS) \(/
const DEFINITION = /`(?:[^`]|``)+` [A-Z]+(?:\(\d+,\d+\))?(?: COMMENT '(?:[^'\\]|\\.)*')?/gs

const isThere = (message: string): boolean =>
  /FIELDS?_ALREADY_EXISTS|COLUMN_ALREADY_EXISTS|DUPLICATE_COLUMNS_FOUND/.test(message)

/**
 * The statements to run in place of one that was refused since columns that it adds are there: there is no ADD COLUMNS IF
 * NOT EXISTS. None are left where it was to add one alone; undefined where it was refused for something else.
 */
export function addedSingly(sql: string, message: string): string[] | undefined {
  const { alter } = ADD.exec(sql)?.groups ?? {}
  if (alter === undefined || !isThere(message)) return undefined
  const definitions = sql.slice(alter.length).match(DEFINITION) ?? []
  return definitions.length > 1 ? definitions.map((one) => `${alter} (\n  ${one}\n)`) : []
}

/**
 * The query that is answered where a statement that was refused has renamed its column before: there is no RENAME COLUMN
 * IF EXISTS.
 */
export function renamedQuery(sql: string, message: string): string | undefined {
  const { table: name, to } = RENAME.exec(sql)?.groups ?? {}
  return name === undefined || isThere(message) ? undefined : `SELECT ${to} FROM ${name} LIMIT 0`
}
