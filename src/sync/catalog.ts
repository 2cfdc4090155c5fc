import type { LaneColumn } from '../engage/lane.ts'
import { widen } from '../engage/logical-type.ts'
import { type LaneTarget, stageColumns } from '../engage/stage-columns.ts'
import type { Column, ColumnOrigin, LogicalType, Table, TableName } from '../model/table.ts'
import { usersTwin } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import { type RegisteredColumn, tableId } from '../plan/registry.ts'
import { type TableKind, tableOf } from '../plan/standard-tables.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect, Observed } from '../warehouses/port.ts'

interface KnownColumn {
  /** Absent where the warehouse's type has no logical one: such a column is left alone. */
  type: LogicalType | undefined
  origin: ColumnOrigin
}

/** The tables as they are in the warehouse, kept up to date with what the run changes. */
export class Catalog {
  readonly #tables = new Map<string, Map<string, KnownColumn>>()
  readonly #order: WorkOrder
  readonly #dialect: Dialect

  constructor(
    order: WorkOrder,
    observed: Observed,
    registry: readonly Pick<RegisteredColumn, 'schema' | 'name' | 'column' | 'origin'>[],
    dialect: Dialect,
  ) {
    this.#order = order
    this.#dialect = dialect
    const origins = new Map(registry.map(({ schema, name, column, origin }) => [`${schema}.${name}.${column}`, origin]))
    for (const table of observed.tables) {
      const id = tableId(table)
      const known = new Map<string, KnownColumn>()
      for (const column of table.columns) {
        known.set(column.name, { type: column.type, origin: origins.get(`${id}.${column.name}`) ?? 'Declared' })
      }
      this.#tables.set(id, known)
    }
  }

  has(table: TableName): boolean {
    return this.#tables.has(tableId(table))
  }

  columnsOf(table: TableName): ReadonlyMap<string, KnownColumn> {
    return this.#tables.get(tableId(table)) ?? new Map<string, KnownColumn>()
  }

  /**
   * Columns of a lane when it is opened: the stage's standard ones, the declared ones, and all that the tables have.
   * The type is the warehouse's where that differs from the declared one.
   */
  laneColumns(targets: readonly LaneTarget[]): LaneColumn[] {
    const columns = new Map<string, LaneColumn>()
    const kind = targets[0]?.kind ?? 'Event'
    for (const column of stageColumns(kind)) columns.set(column.name, { ...column, stored: column.type, neededBy: -1 })
    columns.set('uuid_ts', { name: 'uuid_ts', type: 'Timestamp', origin: 'Standard', neededBy: 0 })
    for (const { table, bit } of targets) {
      for (const column of this.#declared(table)) this.#merge(columns, column, undefined, bit)
      for (const [name, { type, origin }] of this.columnsOf(table)) {
        if (type !== undefined) this.#merge(columns, { name, type, origin }, type, bit)
      }
    }
    columns.delete('uuid_ts')
    return [...columns.values()]
  }

  /** Whether a target has the column with a type that nothing can be loaded into; users are filled by way of the twin. */
  refuses({ table, kind }: Pick<LaneTarget, 'table' | 'kind'>, column: string): boolean {
    if (this.#isUnusable(table, column)) return true
    return kind === 'Users' && this.#isUnusable(usersTwin(this.#order.bookkeepingSchema, table.schema), column)
  }

  #isUnusable(table: TableName, column: string): boolean {
    const known = this.columnsOf(table).get(column)
    return known !== undefined && known.type === undefined
  }

  /** What must change before rows with these columns can be loaded. */
  evolve(table: TableName, kind: TableKind, needed: readonly Column[]): Change[] {
    if (!this.has(table)) return [{ kind: 'CreateTable', table: this.#newTable(table, kind, needed) }]
    const known = this.columnsOf(table)
    return needed.flatMap((column): Change[] => {
      const stored = known.get(column.name)
      if (stored === undefined) return [{ kind: 'AddColumn', table, column }]
      if (stored.type === undefined || this.#same(stored.type, column.type)) return []
      return [{ kind: 'WidenColumn', table, column: column.name, from: stored.type, to: column.type }]
    })
  }

  apply(changes: readonly Change[]): void {
    for (const change of changes) {
      if (change.kind === 'CreateTable') {
        const known = new Map<string, KnownColumn>()
        for (const { name, type, origin } of change.table.columns) known.set(name, { type, origin })
        this.#tables.set(tableId(change.table), known)
      } else if (change.kind === 'AddColumn') {
        const { name, type, origin } = change.column
        this.#tables.get(tableId(change.table))?.set(name, { type, origin })
      } else if (change.kind === 'WidenColumn') {
        const known = this.#tables.get(tableId(change.table))?.get(change.column)
        if (known) known.type = change.to
      }
    }
  }

  #declared(table: TableName): Column[] {
    return this.#order.tables.find((desired) => tableId(desired) === tableId(table))?.columns ?? []
  }

  #newTable(table: TableName, kind: TableKind, needed: readonly Column[]): Table {
    const desired = tableOf(
      kind,
      table,
      this.#declared(table).filter((column) => column.origin !== 'Standard'),
    )
    const names = new Set(desired.columns.map((column) => column.name))
    return { ...desired, columns: [...desired.columns, ...needed.filter((column) => !names.has(column.name))] }
  }

  #merge(columns: Map<string, LaneColumn>, column: Column, stored: LogicalType | undefined, bit: number): void {
    const known = columns.get(column.name)
    if (known === undefined) {
      columns.set(column.name, { ...column, neededBy: bit, ...(stored === undefined ? {} : { stored }) })
      return
    }
    known.neededBy |= bit
    if (stored === undefined) return
    const widest = known.stored === undefined ? stored : widen(known.stored, stored)
    known.stored = widest
    if (!this.#same(known.type, widest)) known.type = widest
  }

  #same(a: LogicalType, b: LogicalType): boolean {
    return this.#dialect.sqlType(a) === this.#dialect.sqlType(b)
  }
}
