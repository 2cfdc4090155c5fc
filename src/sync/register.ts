import { randomUUID } from 'node:crypto'
import type { Column, TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import type { RegisteredColumn } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect } from '../warehouses/port.ts'
import { insertRows } from './ledger.ts'
import { registryStatements, rowsOf } from './registry-statements.ts'

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
  const register: RegisteredColumn[] = []
  const add = ({ schema, name }: TableName, added: readonly Column[]) => {
    for (const { name: column, type, origin, source } of added) {
      register.push({ schema, name, column, type, origin, ...(source === undefined ? {} : { source }) })
    }
  }
  const statements: string[] = []
  for (const change of changes) {
    if (change.kind === 'AddColumn') add(change.table, [change.column])
    else if (change.kind === 'WidenColumn') {
      statements.push(
        `UPDATE ${dialect.table(columns)} SET ${dialect.quote('type')} = ${dialect.literal(change.to, 'String')} ` +
          `WHERE ${rowsOf(dialect, change.table)} AND ${equals('column_name', change.column)}`,
      )
    } else if (change.kind === 'CreateTable') {
      const { table } = change
      add(table, table.columns)
      statements.push(
        `DELETE FROM ${dialect.table(objects)} WHERE ${rowsOf(dialect, table)} AND ${equals('owner', order.owner.id)}`,
        ...insertRows(dialect, objects, [
          {
            schema_name: table.schema,
            table_name: table.name,
            kind: 'Table',
            owner: order.owner.id,
            owner_uid: order.owner.uid,
            created: 'true',
            incarnation: randomUUID(),
            created_at: now,
          },
        ]),
      )
    }
  }
  return [
    ...statements,
    ...registryStatements(dialect, order.bookkeepingSchema, { register, unregister: [] }, now, runId),
  ]
}
