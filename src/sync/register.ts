import { randomUUID } from 'node:crypto'
import type { Column, TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import { tableId } from '../plan/registry.ts'
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
  const added: { table: TableName; columns: Column[] }[] = []
  const statements: string[] = []
  for (const change of changes) {
    if (change.kind === 'AddColumn') {
      const known = added.find(({ table }) => tableId(table) === tableId(change.table))
      if (known) known.columns.push(change.column)
      else added.push({ table: change.table, columns: [change.column] })
    } else if (change.kind === 'WidenColumn') {
      statements.push(
        `UPDATE ${dialect.table(columns)} SET ${dialect.quote('type')} = ${dialect.literal(change.to, 'String')} ` +
          `WHERE ${at(change.table)} AND ${equals('column_name', change.column)}`,
      )
    } else if (change.kind === 'CreateTable') {
      const { table } = change
      added.push({ table, columns: table.columns })
      statements.push(
        `DELETE FROM ${dialect.table(objects)} WHERE ${at(table)} AND ${equals('owner', order.owner.id)}`,
        ...insertRows(dialect, objects, [
          {
            schema_name: table.schema,
            table_name: table.name,
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
  if (added.length === 0) return statements
  const isAdded = added.map(({ table, columns: names }) => {
    const list = names.map(({ name }) => dialect.literal(name, 'String')).join(', ')
    return `(${at(table)} AND ${dialect.quote('column_name')} IN (${list}))`
  })
  return [
    ...statements,
    `DELETE FROM ${dialect.table(columns)} WHERE ${isAdded.join(' OR ')}`,
    ...insertRows(
      dialect,
      columns,
      added.flatMap(({ table, columns: names }) => names.map((column) => row(table, column))),
    ),
  ]
}
