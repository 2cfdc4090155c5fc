import type { Column, LogicalType, Table, TableName, View } from '../model/table.ts'

/** One step from the observed tables to the desired ones. Destructive kinds lose data. */
export type Change =
  | { kind: 'CreateSchema'; schema: string }
  | { kind: 'CreateTable'; table: Table }
  | { kind: 'AddColumn'; table: TableName; column: Column }
  | { kind: 'RenameColumn'; table: TableName; from: string; to: string }
  | { kind: 'WidenColumn'; table: TableName; column: string; from: LogicalType; to: LogicalType }
  | { kind: 'DropColumn'; table: TableName; column: string }
  | { kind: 'DropTable'; table: TableName }

/** One step of the views beside the tables, after those of the tables. A view that is replaced is ours. */
export type ViewChange =
  | { kind: 'CreateView'; view: View }
  | { kind: 'ReplaceView'; view: View }
  | { kind: 'DropView'; view: TableName }

export type PlannedChange = Change | ViewChange

export const isOfView = (change: PlannedChange): change is ViewChange => 'view' in change

export const isDestructive = (change: PlannedChange): boolean =>
  change.kind === 'DropColumn' || change.kind === 'DropTable'
