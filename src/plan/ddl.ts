import type { Column, TableName } from '../model/table.ts'
import { type Change, isOfView, type PlannedChange, type ViewChange } from './change.ts'

/** What statements are made with: see Dialect in warehouses/port.ts. */
export interface DdlDialect {
  change(change: Change): string[]
  addColumns?(table: TableName, columns: readonly Column[]): string[]
  viewChange?(change: ViewChange): string[]
}

/** The statements of changes, in order. Columns that a table gets one after the other are added at once, where that can be. */
export function statementsOf(dialect: DdlDialect, changes: readonly PlannedChange[]): string[] {
  const statements: string[] = []
  for (let at = 0; at < changes.length; ) {
    const added = dialect.addColumns ? addedFrom(changes, at) : []
    const [first] = added
    const change = changes[at]
    if (first && dialect.addColumns) {
      const columns = added.map(({ column }) => column)
      statements.push(...dialect.addColumns(first.table, columns))
    } else if (change && isOfView(change)) statements.push(...(dialect.viewChange?.(change) ?? []))
    else if (change) statements.push(...dialect.change(change))
    at += Math.max(added.length, 1)
  }
  return statements
}

type AddColumn = Extract<Change, { kind: 'AddColumn' }>

/** The columns that are added to one table from a place on. */
function addedFrom(changes: readonly PlannedChange[], start: number): AddColumn[] {
  const added: AddColumn[] = []
  for (const change of changes.slice(start)) {
    const [first] = added
    if (change.kind !== 'AddColumn') break
    if (first && (first.table.schema !== change.table.schema || first.table.name !== change.table.name)) break
    added.push(change)
  }
  return added
}
