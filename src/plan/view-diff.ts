import { createHash } from 'node:crypto'
import type { Table, TableName, View } from '../model/table.ts'
import type { PlannedChange, ViewChange } from './change.ts'
import type { Caution, DiffOptions, Drift, TypeRules } from './difference.ts'
import { globs } from './globs.ts'
import type { Observed, ObservedTable } from './observed.ts'
import { tableId } from './registry.ts'

/** A view that `objects` names: EngageOps made it. */
export interface OwnedView extends TableName {
  /** The `viewFingerprint` of what it was made from; empty: its name was claimed, and it may not be there yet. */
  fingerprint: string
}

export interface ViewDiffInput {
  /** The tables that are to have views, as they are once the changes are made. */
  tables: readonly Table[]
  changes: readonly PlannedChange[]
  observed: Observed
  owned: readonly OwnedView[]
  /** Names, by `tableId`, that tables of ours have or are to get. */
  taken: ReadonlySet<string>
  /** The view beside a table; absent: none is wanted, and those that are ours go. */
  viewOf?: ((table: Table) => View) | undefined
  types: Pick<TypeRules, 'sqlType'>
  drift: DiffOptions['drift']
}

export interface ViewDifference {
  changes: ViewChange[]
  drift: Drift[]
  cautions: Caution[]
  /** The views that are as wanted once the changes are made. */
  views: { view: View; fingerprint: string }[]
  /** Views that are given up: `objects` is to forget them. */
  released: TableName[]
}

/**
 * What must change for each table to have its view. A view shows whatever columns its table has, but tells those that the
 * table had when it was made: it is made again when they change. An object of somebody else is never touched.
 */
export function diffViews(input: ViewDiffInput): ViewDifference {
  const { tables, observed, owned, taken, viewOf, drift } = input
  const out: ViewDifference = { changes: [], drift: [], cautions: [], views: [], released: [] }
  const found = new Map(observed.tables.map((table) => [tableId(table), table]))
  const ours = new Map(owned.map((view) => [tableId(view), view]))
  if (!viewOf) {
    for (const { schema, name } of owned) {
      const view = { schema, name }
      if (found.get(tableId(view))?.kind === 'View') out.changes.push({ kind: 'DropView', view })
      out.released.push(view)
    }
    return out
  }
  const isIgnored = globs(drift.ignore?.tables)
  for (const table of tables) {
    const view = viewOf(table)
    const id = tableId(view)
    const own = ours.get(id)
    const there = found.get(id)
    if (taken.has(id) || (there && (!own || there.kind === 'Table'))) {
      out.cautions.push(refusal(view))
      continue
    }
    if (own && (isIgnored(table.name) || isIgnored(view.name))) continue
    const columns = columnsAfter(table, found.get(tableId(table)), input)
    // Drift of the table, which is told there.
    if (!view.reads.every((name) => columns.has(name))) continue
    const fingerprint = viewFingerprint(view, columns)
    const drifted = driftOf(there, own, fingerprint, columns)
    if (drifted !== undefined && !corrects(out, view, drifted, drift.mode)) continue
    out.views.push({ view, fingerprint })
    if (drifted !== undefined || own?.fingerprint !== fingerprint)
      out.changes.push({ kind: there ? 'ReplaceView' : 'CreateView', view })
  }
  return out
}

/** What somebody else did to a view; not that it is behind its table. */
function driftOf(
  there: ObservedTable | undefined,
  own: OwnedView | undefined,
  fingerprint: string,
  columns: ReadonlyMap<string, string>,
): string | undefined {
  if (!own?.fingerprint) return undefined
  if (!there) return 'is gone'
  if (own.fingerprint !== fingerprint) return undefined
  const isSame = there.columns.length === columns.size && there.columns.every(({ name }) => columns.has(name))
  return isSame ? undefined : 'does not show the columns of its table'
}

/** Whether what somebody else did is to be undone; it is told in any case, unless it is to be ignored. */
function corrects(out: ViewDifference, view: View, what: string, mode: DiffOptions['drift']['mode']): boolean {
  if (mode === 'Ignore') return false
  out.drift.push({ table: view.of, message: `${tableId(view)}: the view ${what}` })
  return mode === 'Correct'
}

const refusal = (view: View): Caution => ({
  about: view.of,
  reason: 'ViewRefused',
  message:
    `${tableId(view.of)}: its view cannot be made, there is something else named ${tableId(view)}: ` +
    'rename or drop that, or leave bigquery.views out',
})

/** The columns of a table once the changes are made, each with its type. */
function columnsAfter(
  table: Table,
  found: ObservedTable | undefined,
  { changes, types }: ViewDiffInput,
): Map<string, string> {
  const columns = new Map(
    found
      ? found.columns.map(({ name, type, sqlType }) => [name, type === undefined ? sqlType : types.sqlType(type)])
      : table.columns.map(({ name, type }) => [name, types.sqlType(type)]),
  )
  for (const change of changes) {
    if (!('table' in change) || tableId(change.table) !== tableId(table)) continue
    if (change.kind === 'AddColumn') columns.set(change.column.name, types.sqlType(change.column.type))
    else if (change.kind === 'WidenColumn') columns.set(change.column, types.sqlType(change.to))
    else if (change.kind === 'DropColumn') columns.delete(change.column)
    else if (change.kind === 'RenameColumn') {
      columns.set(change.to, columns.get(change.from) ?? '')
      columns.delete(change.from)
    }
  }
  return columns
}

/** Stands for a view's query and the columns that it tells. */
function viewFingerprint({ query }: View, columns: ReadonlyMap<string, string>): string {
  const told = [query, [...columns].sort(([a], [b]) => (a < b ? -1 : 1))]
  return createHash('sha256').update(JSON.stringify(told)).digest('hex').slice(0, 32)
}
