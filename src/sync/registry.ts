import { randomUUID } from 'node:crypto'
import { type Column, type ColumnOrigin, LOGICAL_TYPES, type LogicalType, type TableName } from '../model/table.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import type { Difference } from '../plan/difference.ts'
import { type RegisteredColumn, tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect, Session } from '../warehouses/port.ts'
import { insertRows } from './ledger.ts'

// What the ledger has of tables: `columns` with the columns that EngageOps made or took over, `objects` with who uses
// which table. All spaces of a bookkeeping schema have theirs there, so everybody reads only what is about its own tables.

/** A row of the ledger's `objects`: who uses a table or the view beside it, and whether EngageOps made it. */
export interface ObjectRow extends TableName {
  kind: 'Table' | 'View'
  owner: string
  uid: string
  created: boolean
  /** Of a view: the fingerprint of what it was made from. */
  incarnation: string
  /** ISO 8601. */
  createdAt: string
}

type Row = Readonly<Record<string, string | null>>
type Tables = Pick<WorkOrder, 'bookkeepingSchema' | 'tables'>

/** The condition that picks the rows of a table. */
export const rowsOf = ({ quote, literal }: Dialect, { schema, name }: TableName): string =>
  `${quote('schema_name')} = ${literal(schema, 'String')} AND ${quote('table_name')} = ${literal(name, 'String')}`

/** The condition of rows about the schemas of an order; in the bookkeeping schema all spaces have tables, so there by name. */
export function rowsAbout({ quote, literal }: Dialect, { bookkeepingSchema, tables }: Tables): string {
  const list = (names: readonly string[]) => [...new Set(names)].map((name) => literal(name, 'String')).join(', ')
  const [inLedger, others] = [
    tables.filter(({ schema }) => schema === bookkeepingSchema),
    tables.filter(({ schema }) => schema !== bookkeepingSchema),
  ]
  const conditions = [
    `(${quote('schema_name')} = ${literal(bookkeepingSchema, 'String')} AND ${quote('table_name')} IN (${list(inLedger.map(({ name }) => name))}))`,
    ...(others.length === 0 ? [] : [`${quote('schema_name')} IN (${list(others.map(({ schema }) => schema))})`]),
  ]
  return conditions.join(' OR ')
}

const isLogicalType = (text: unknown): text is LogicalType => LOGICAL_TYPES.some((type) => type === text)
const ORIGINS: readonly ColumnOrigin[] = ['Standard', 'Declared', 'Inferred']

/** A row of `columns`. One that this version cannot read is as good as none: the column counts as somebody else's. */
export function registeredColumn(row: Row): RegisteredColumn[] {
  const origin = ORIGINS.find((known) => known === row.origin)
  if (!isLogicalType(row.type) || origin === undefined) return []
  return [
    {
      schema: row.schema_name ?? '',
      name: row.table_name ?? '',
      column: row.column_name ?? '',
      type: row.type,
      origin,
      ...(row.source_name ? { source: row.source_name } : {}),
    },
  ]
}

/** A row of `objects`. */
export const objectRow = (row: Row): ObjectRow => ({
  schema: row.schema_name ?? '',
  name: row.table_name ?? '',
  kind: row.kind === 'View' ? 'View' : 'Table',
  owner: row.owner ?? '',
  uid: row.owner_uid ?? '',
  created: row.created === 'true',
  incarnation: row.incarnation ?? '',
  createdAt: row.created_at ?? '',
})

/** The columns of an order's tables, and of others in their schemas. */
export async function readColumns(session: Session, dialect: Dialect, order: Tables): Promise<RegisteredColumn[]> {
  const columns = bookkeepingTable(order.bookkeepingSchema, 'columns')
  const rows = await session.query(`SELECT * FROM ${dialect.table(columns)} WHERE ${rowsAbout(dialect, order)}`)
  return rows.flatMap(registeredColumn)
}

/** What the tables of an order are now, by `tableId`: another text for one that was made again. */
export async function readIncarnations(
  session: Session,
  dialect: Dialect,
  order: Tables,
): Promise<Map<string, string>> {
  const objects = bookkeepingTable(order.bookkeepingSchema, 'objects')
  const rows = await session.query(
    `SELECT schema_name, table_name, max(incarnation) AS incarnation FROM ${dialect.table(objects)} ` +
      `WHERE ${rowsAbout(dialect, order)} GROUP BY schema_name, table_name`,
  )
  const mine = new Set(order.tables.map(tableId))
  const found = rows.map((row): [string, string] => {
    return [tableId({ schema: row.schema_name ?? '', name: row.table_name ?? '' }), row.incarnation ?? '']
  })
  return new Map(found.filter(([id]) => mine.has(id)))
}

/** Brings `columns` in line with what was changed; `firstRun` is the sync that met the columns, if one did. */
export function columnStatements(
  dialect: Dialect,
  bookkeepingSchema: string,
  { register, unregister }: Pick<Difference, 'register' | 'unregister'>,
  now: string,
  firstRun: string | null = null,
): string[] {
  const columns = bookkeepingTable(bookkeepingSchema, 'columns')
  const stale = [...Map.groupBy([...unregister, ...register], tableId).values()].flatMap((rows) => {
    const [first] = rows
    if (!first) return []
    const names = rows.map(({ column }) => dialect.literal(column, 'String')).join(', ')
    return [
      `DELETE FROM ${dialect.table(columns)} WHERE ${rowsOf(dialect, first)} AND ${dialect.quote('column_name')} IN (${names})`,
    ]
  })
  const rows = register.map((row) => ({
    schema_name: row.schema,
    table_name: row.name,
    column_name: row.column,
    source_name: row.source ?? null,
    type: row.type,
    origin: row.origin,
    first_run: firstRun,
    created_at: now,
  }))
  return [...stale, ...insertRows(dialect, columns, rows)]
}

/**
 * Notes which columns and tables a run made: drift detection then knows them from what a person added. Tables belong to
 * the space.
 */
export function statementsForRun(
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
    ...columnStatements(dialect, order.bookkeepingSchema, { register, unregister: [] }, now, runId),
  ]
}
