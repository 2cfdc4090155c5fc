import type { LogicalType, TableName } from '../model/table.ts'

/** What stands in the warehouse: the schemas that exist among the asked ones, and their tables and views. */
export interface Observed {
  schemas: string[]
  tables: ObservedTable[]
  /** Schemas in which the warehouse deletes data by itself: what, after how long, and the SQL that ends it. */
  expirations?: { schema: string; message: string }[]
}

export interface ObservedTable extends TableName {
  kind: 'Table' | 'View'
  columns: ObservedColumn[]
}

export interface ObservedColumn {
  name: string
  /** The type as the warehouse tells it. */
  sqlType: string
  /** Its logical type; absent where there is none. */
  type?: LogicalType
}
