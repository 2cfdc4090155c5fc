/** The types a column can have, whatever the warehouse. Each dialect has one SQL type for each. */
export const LOGICAL_TYPES = ['Boolean', 'Integer', 'Float', 'Decimal', 'String', 'Timestamp', 'Json'] as const
export type LogicalType = (typeof LOGICAL_TYPES)[number]

/**
 * Where a column comes from. Standard: EngageOps always makes it (`id`, `received_at`). Declared: a resource names it,
 * its type holds. Inferred: it came with a call, its type may widen.
 */
export type ColumnOrigin = 'Standard' | 'Declared' | 'Inferred'

export interface Column {
  /** The identifier in the warehouse, lower case; a dialect folds the case where it must. */
  name: string
  type: LogicalType
  origin: ColumnOrigin
  /** The spelling in the call, kept as the column's comment where the identifier does not show it. */
  source?: string
  /** Earlier names: an existing column of one of these names is renamed instead of added. */
  previousNames?: string[]
}

/** What a merge must know of a column. */
export type TypedColumn = Pick<Column, 'name' | 'type'>

export interface TableName {
  schema: string
  name: string
}

/** A query under a name, beside the table that it shows. */
export interface View extends TableName {
  of: TableName
  query: string
  /** The columns of the table that the query names. */
  reads: string[]
}

export interface Table extends TableName {
  /** Columns that identify a row; a warehouse that enforces keys makes them the primary key. Empty: rows only append. */
  key: string[]
  columns: Column[]
}
