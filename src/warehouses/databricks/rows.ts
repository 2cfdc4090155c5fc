import { type DBSQLSession, thrift } from '@databricks/sql'
import { numberText } from '../../engage/decimal.ts'

type Operation = Awaited<ReturnType<DBSQLSession['executeStatement']>>
type Row = Record<string, string | null>

/** The rows that a statement gives, as `Session.query` tells them. */
export async function rowsOf(operation: Operation): Promise<Row[]> {
  const schema = await operation.getSchema()
  const { TIMESTAMP_TYPE } = thrift.TCLIService_types.TTypeId
  const times = new Set(
    schema?.columns
      .filter(({ typeDesc }) => typeDesc.types[0]?.primitiveEntry?.type === TIMESTAMP_TYPE)
      .map(({ columnName }) => columnName),
  )
  const rows = await operation.fetchAll()
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, textOf(value, times.has(name))])),
  )
}

function textOf(value: unknown, isTime: boolean): string | null {
  switch (typeof value) {
    case 'string':
      // Those of the session's time zone, which is UTC.
      return isTime ? `${value.replace(' ', 'T')}Z` : value
    case 'number':
      return numberText(value)
    case 'bigint':
    case 'boolean':
      return `${value}`
    default:
      return value === null || value === undefined ? null : JSON.stringify(value)
  }
}
