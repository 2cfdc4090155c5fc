import type { Column, LogicalType, Table, TableName } from '../model/table.ts'

/** One step from the observed tables to the desired ones. Destructive kinds lose data. */
export type Change =
  | { kind: 'CreateSchema'; schema: string }
  | { kind: 'CreateTable'; table: Table }
  | { kind: 'AddColumn'; table: TableName; column: Column }
  | { kind: 'RenameColumn'; table: TableName; from: string; to: string }
  | { kind: 'WidenColumn'; table: TableName; column: string; from: LogicalType; to: LogicalType }
  | { kind: 'DropColumn'; table: TableName; column: string }
  | { kind: 'DropTable'; table: TableName }

export const isDestructive = (change: Change): boolean => change.kind === 'DropColumn' || change.kind === 'DropTable'
