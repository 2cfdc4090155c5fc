import type { LogicalType, TableName } from '../../model/table.ts'

/**
 * Json is text: that is what Segment writes, and every tool reads it. A VARIANT cannot be compared, so that no merge could
 * tell whether a value changed.
 */
const SQL_TYPES: Record<LogicalType, string> = {
  Boolean: 'BOOLEAN',
  Integer: 'BIGINT',
  Float: 'DOUBLE',
  Decimal: 'DECIMAL(38,18)',
  String: 'STRING',
  Timestamp: 'TIMESTAMP',
  Json: 'STRING',
}

const LOGICAL_TYPES = new Map<string, LogicalType>([
  ['boolean', 'Boolean'],
  ['bigint', 'Integer'],
  ['double', 'Float'],
  ['decimal(38,18)', 'Decimal'],
  ['string', 'String'],
  ['timestamp', 'Timestamp'],
])

export const sqlType = (type: LogicalType): string => SQL_TYPES[type]

export const logicalType = (sqlType: string): LogicalType | undefined => LOGICAL_TYPES.get(sqlType.toLowerCase())

/** A quoted identifier. */
export const quote = (identifier: string): string => `\`${identifier.replaceAll('`', '``')}\``

/** A quoted `schema.table`, in the catalog of the session. */
export const table = ({ schema, name }: TableName): string => `${quote(schema)}.${quote(name)}`

/** The parts of a volume's path, `/Volumes/catalog/schema/volume` or that of a folder in it, quoted. */
export function volumeOf(path: string) {
  const [, , catalog = '', schema = '', volume = ''] = path.split('/').map(quote)
  return { catalog, schema: `${catalog}.${schema}`, volume: `${catalog}.${schema}.${volume}` }
}

/**
 * A text literal. Backslashes escape, and Spark puts values of its settings and of its environment in place of `${name}`
 * wherever that stands in a statement: so no dollar sign may stand in one.
 */
export function text(value: string): string {
  const escaped = value
    .replaceAll('\\', '\\\\')
    .replaceAll("'", "\\'")
    .replaceAll('$', '\\u0024')
    .replaceAll('\0', '\\u0000')
  return `'${escaped}'`
}

/** A literal of a column type; `null` is NULL. */
export function literal(value: string | null, type: LogicalType): string {
  if (value === null) return 'NULL'
  const sql = sqlType(type)
  return sql === 'STRING' ? text(value) : `CAST(${text(value)} AS ${sql})`
}
