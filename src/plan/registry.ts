import type { ColumnOrigin, LogicalType, TableName } from '../model/table.ts'

/** A row of the ledger's `columns`: a column that EngageOps made or took over. */
export interface RegisteredColumn extends TableName {
  column: string
  type: LogicalType
  origin: ColumnOrigin
  /** The spelling in the call, where the column's name does not show it. */
  source?: string
}

/** One text for a table's name, to look it up by. */
export const tableId = ({ schema, name }: TableName): string => `${schema}.${name}`
