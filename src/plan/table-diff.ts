import { widen } from '../engage/logical-type.ts'
import type { Column, LogicalType, Table, TableName } from '../model/table.ts'
import type { Change } from './change.ts'
import type { Difference, DiffOptions, Problem } from './difference.ts'
import type { ObservedColumn, ObservedTable } from './observed.ts'
import { type RegisteredColumn, tableId } from './registry.ts'

export interface TableDiffParts {
  desired: Table
  /** The table as the warehouse has it; absent where there is none. */
  found: ObservedTable | undefined
  /** Its columns in the ledger, by name. */
  registered: ReadonlyMap<string, RegisteredColumn>
  options: DiffOptions
  ignoresColumn: (name: string) => boolean
  /** What the comparison adds to. */
  out: Difference
}

/** The comparison of one table. */
export class TableDiff {
  readonly #table: Table
  readonly #name: TableName
  readonly #found: ObservedTable | undefined
  readonly #registered: ReadonlyMap<string, RegisteredColumn>
  readonly #options: DiffOptions
  readonly #out: Difference
  readonly #ignoresColumn: (name: string) => boolean
  readonly #isLedger: boolean

  constructor({ desired, found, registered, options, ignoresColumn, out }: TableDiffParts) {
    this.#table = withInferred(desired, registered)
    this.#name = { schema: desired.schema, name: desired.name }
    this.#found = found
    this.#registered = registered
    this.#options = options
    this.#out = out
    this.#ignoresColumn = ignoresColumn
    this.#isLedger = options.ledger.has(tableId(desired))
  }

  run(isIgnored: boolean): void {
    const found = this.#found
    const isOwned = this.#isLedger || this.#options.owned.has(tableId(this.#name))
    if (!found) {
      if (isOwned && !this.#isLedger && !this.#corrects('the table is gone', isIgnored)) return
      this.#create()
    } else if (found.kind === 'View') {
      this.#problem('AdoptionRefused', 'a view of that name exists: use another name, or drop the view')
      return
    } else if (!isIgnored) {
      if (!isOwned && !this.#mayAdopt(found)) return
      this.#compare(found, isOwned)
    }
    this.#out.usable.push(this.#table)
  }

  #create(): void {
    this.#out.changes.push({ kind: 'CreateTable', table: this.#table })
    const names = new Set(this.#table.columns.map((column) => column.name))
    for (const column of this.#registered.keys()) if (!names.has(column)) this.#unregister(column)
    for (const column of this.#table.columns) this.#register(column)
  }

  #mayAdopt(found: ObservedTable): boolean {
    const { adoption } = this.#options
    if (adoption === 'Always') return true
    if (adoption === 'Never') {
      this.#problem(
        'AdoptionRefused',
        'the table exists and was not made by EngageOps: use another name, or set adoptionPolicy',
      )
      return false
    }
    const columns = byName(found)
    const unfit = this.#table.columns.flatMap((column) => {
      const existing = columns.get(column.name)
      return existing && !this.#fits(existing, column.type) ? [this.#difference(existing, column)] : []
    })
    if (unfit.length === 0) return true
    this.#problem(
      'AdoptionRefused',
      `the table exists and does not fit: ${unfit.join('; ')}. Use another name, or change the columns`,
    )
    return false
  }

  #compare(found: ObservedTable, isOwned: boolean): void {
    const columns = byName(found)
    const wanted = new Set(this.#table.columns.map((column) => column.name))
    const moved = new Set<string>()
    for (const column of this.#table.columns) {
      const existing = columns.get(column.name)
      const row = this.#registered.get(column.name)
      if ((existing || row) && this.#ignoresColumn(column.name)) continue
      if (existing) {
        this.#compareColumn(column, existing, row)
        continue
      }
      const from = isOwned
        ? column.previousNames?.find((name) => columns.has(name) && this.#registered.has(name) && !wanted.has(name))
        : undefined
      const earlier = from === undefined ? undefined : columns.get(from)
      if (from !== undefined && earlier && !moved.has(from)) {
        moved.add(from)
        this.#out.changes.push({ kind: 'RenameColumn', table: this.#name, from, to: column.name })
        this.#unregister(from)
        this.#compareColumn(column, earlier, this.#registered.get(from), true)
      } else if (!row || this.#corrects(`column ${column.name} is gone`, false)) {
        this.#out.changes.push({ kind: 'AddColumn', table: this.#name, column })
        this.#register(column)
      }
    }
    if (this.#options.schemaPolicy.dropObjects === 'Approve' && isOwned) this.#drop(columns, wanted, moved)
  }

  #compareColumn(column: Column, existing: ObservedColumn, row: RegisteredColumn | undefined, isRenamed = false): void {
    if (this.#fits(existing, column.type)) {
      if (!row || isRenamed || !isSame(row, column)) this.#register(column)
      return
    }
    if (!row) {
      if (this.#options.adoption !== 'Always' && !this.#isLedger) {
        this.#problem(
          'AdoptionRefused',
          `${this.#difference(existing, column)}, and the column was not made by EngageOps`,
        )
      }
      return
    }
    const from = existing.type
    const { schemaPolicy, types } = this.#options
    const isDrift = column.origin !== 'Inferred' && types.sqlType(row.type) === types.sqlType(column.type)
    if (isDrift && !this.#corrects(this.#difference(existing, column), false)) return
    if (from !== undefined && widen(from, column.type) === column.type && types.canWiden(from, column.type)) {
      if (column.origin === 'Inferred' && schemaPolicy.widenTypes === 'Forbid') return
      this.#out.changes.push({ kind: 'WidenColumn', table: this.#name, column: column.name, from, to: column.type })
      this.#register(column)
    } else if (column.origin !== 'Inferred') {
      const change: Change = {
        kind: 'WidenColumn',
        table: this.#name,
        column: column.name,
        from: from ?? 'String',
        to: column.type,
      }
      const sql = types.change(change).join('; ')
      this.#problem(
        'UnsupportedChange',
        `${this.#difference(existing, column)}, and values could be lost: set the type back` +
          (sql === '' ? '' : `, or run, once the values fit: ${sql}`),
      )
      if (isRenamed) this.#register({ ...column, type: row.type })
    }
  }

  #drop(columns: ReadonlyMap<string, ObservedColumn>, wanted: ReadonlySet<string>, moved: ReadonlySet<string>): void {
    const rows = [...this.#registered.values()].sort((a, b) => (a.column < b.column ? -1 : 1))
    for (const { column, origin } of rows) {
      if (origin !== 'Declared' || wanted.has(column) || moved.has(column) || !columns.has(column)) continue
      if (this.#ignoresColumn(column) || this.#options.isRetained(this.#name, column)) continue
      this.#out.changes.push({ kind: 'DropColumn', table: this.#name, column })
      this.#unregister(column)
    }
  }

  /** Whether what somebody else did is to be undone; it is told in any case, unless it is to be ignored. */
  #corrects(message: string, isIgnored: boolean): boolean {
    const { mode } = this.#options.drift
    if (mode === 'Ignore' || isIgnored) return false
    this.#out.drift.push({ table: this.#name, message: `${tableId(this.#name)}: ${message}` })
    return mode === 'Correct'
  }

  #fits(existing: ObservedColumn, type: LogicalType): boolean {
    if (existing.type === type) return true
    const { types } = this.#options
    return existing.type !== undefined && types.sqlType(existing.type) === types.sqlType(type)
  }

  #difference(existing: ObservedColumn, column: Column): string {
    return `column ${column.name} is ${existing.sqlType}, not ${this.#options.types.sqlType(column.type)} (${column.type})`
  }

  #problem(reason: Problem['reason'], message: string): void {
    this.#out.problems.push({ table: this.#name, reason, message: `${tableId(this.#name)}: ${message}` })
  }

  #register(column: Column): void {
    if (this.#isLedger) return
    const { name, type, origin, source } = column
    this.#out.register.push({ ...this.#name, column: name, type, origin, ...(source === undefined ? {} : { source }) })
  }

  #unregister(column: string): void {
    this.#out.unregister.push({ ...this.#name, column })
  }
}

/** Columns that syncs found in calls are wanted like declared ones. */
function withInferred(table: Table, registered: ReadonlyMap<string, RegisteredColumn>): Table {
  const declared = new Set(table.columns.map((column) => column.name))
  const inferred: Column[] = []
  for (const { column, type, origin, source } of registered.values()) {
    if (origin !== 'Inferred' || declared.has(column)) continue
    inferred.push({ name: column, type, origin, ...(source === undefined ? {} : { source }) })
  }
  if (inferred.length === 0) return table
  inferred.sort((a, b) => (a.name < b.name ? -1 : 1))
  return { ...table, columns: [...table.columns, ...inferred] }
}

const isSame = (row: RegisteredColumn, column: Column): boolean =>
  row.type === column.type && row.origin === column.origin && row.source === column.source

const byName = (table: ObservedTable): Map<string, ObservedColumn> =>
  new Map(table.columns.map((column) => [column.name, column]))
