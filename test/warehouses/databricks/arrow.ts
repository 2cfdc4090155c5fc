import types from '@databricks/sql/thrift/TCLIService_types.js'
import {
  Bool,
  type DataType,
  Float64,
  Int32,
  Int64,
  RecordBatchStreamWriter,
  Table,
  Utf8,
  vectorFromArray,
} from 'apache-arrow'
import { valuesOf } from './spark-session.ts'

/** The Arrow types of a SQL warehouse that was asked for texts where JavaScript has no exact type. */
function arrowType(type: types.TTypeId | undefined): DataType {
  switch (type) {
    case types.TTypeId.BOOLEAN_TYPE:
      return new Bool()
    case types.TTypeId.TINYINT_TYPE:
    case types.TTypeId.SMALLINT_TYPE:
    case types.TTypeId.INT_TYPE:
      return new Int32()
    case types.TTypeId.BIGINT_TYPE:
      return new Int64()
    case types.TTypeId.FLOAT_TYPE:
    case types.TTypeId.DOUBLE_TYPE:
      return new Float64()
    default:
      return new Utf8()
  }
}

/** Rows in columns as Spark sends them, as a SQL warehouse does: a schema message, and a batch. */
export function arrowOf(
  { schema }: types.TGetResultSetMetadataResp,
  results: types.TRowSet | undefined,
): { schema: Buffer; batch: Buffer; rows: number } {
  const columns = (schema?.columns ?? []).map(({ columnName, typeDesc }, position) => {
    const type = arrowType(typeDesc.types[0]?.primitiveEntry?.type)
    return [columnName, vectorFromArray(valuesOf(results?.columns?.[position]), type)] as const
  })
  const table = new Table(Object.fromEntries(columns))
  const stream = Buffer.from(RecordBatchStreamWriter.writeAll(table).toUint8Array(true))
  // A message: four bytes of ones, the length of what follows, that. The schema comes first and has no body.
  const end = 8 + stream.readInt32LE(4)
  return { schema: stream.subarray(0, end), batch: stream.subarray(end), rows: columns[0]?.[1].length ?? 0 }
}
