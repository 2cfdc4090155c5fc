import { randomUUID } from 'node:crypto'
import type { Column, TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect } from '../warehouses/port.ts'
import { insertRows, type LedgerRow } from './ledger.ts'

/**
 * Statements that note in the ledger which columns and tables a run made: drift detection then knows them from what a
 * person added. Tables belong to the space.
 */
export function registerStatements(
  dialect: Dialect,
  order: WorkOrder,
  changes: readonly Change[],
  runId: string,
  now: string,
): string[] {
  const columns = bookkeepingTable(order.bookkeepingSchema, 'columns')
  const objects = bookkeepingTable(order.bookkeepingSchema, 'objects')
  const equals = (column: string, value: string) => `${dialect.quote(column)} = ${dialect.literal(value, 'String')}`
  const at = (table: TableName) => `${equals('schema_name', table.schema)} AND ${equals('table_name', table.name)}`
  const row = (table: TableName, column: Column): LedgerRow => ({
    schema_name: table.schema,
    table_name: table.name,
    column_name: column.name,
    source_name: column.source ?? null,
    type: column.type,
    origin: column.origin,
    first_run: runId,
    created_at: now,
  })
  return changes.flatMap((change): string[] => {
    switch (change.kind) {
      case 'CreateTable':
        return [
          `DELETE FROM ${dialect.table(columns)} WHERE ${at(change.table)}`,
          ...insertRows(
            dialect,
            columns,
            change.table.columns.map((column) => row(change.table, column)),
          ),
          `DELETE FROM ${dialect.table(objects)} WHERE ${at(change.table)} AND ${equals('owner', order.owner.id)}`,
          ...insertRows(dialect, objects, [
            {
              schema_name: change.table.schema,
              table_name: change.table.name,
              owner: order.owner.id,
              owner_uid: order.owner.uid,
              created: 'true',
              incarnation: randomUUID(),
              created_at: now,
            },
          ]),
        ]
      case 'AddColumn':
        return [
          `DELETE FROM ${dialect.table(columns)} WHERE ${at(change.table)} AND ${equals('column_name', change.column.name)}`,
          ...insertRows(dialect, columns, [row(change.table, change.column)]),
        ]
      case 'WidenColumn':
        return [
          `UPDATE ${dialect.table(columns)} SET ${dialect.quote('type')} = ${dialect.literal(change.to, 'String')} ` +
            `WHERE ${at(change.table)} AND ${equals('column_name', change.column)}`,
        ]
      default:
        return []
    }
  })
}
