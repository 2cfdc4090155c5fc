import { isDestructive, type PlannedChange } from '../plan/change.ts'
import type { Plan } from '../plan/plan.ts'
import { counted } from './quantities.ts'
import { paint, printable, type Style } from './table.ts'

/** The plan of a space (`namespace/name`) in one warehouse. */
export interface PlanView extends Plan {
  space: string
  destination: string
}

/**
 * What would change, the SQL that would do it, and how much it is in all. Plans without changes are left out. Where there
 * are problems, which are told elsewhere, nobody knows that nothing differs.
 */
export function renderPlan(plans: readonly PlanView[], hasProblems: boolean, colour = false): string {
  const pending = plans.filter(({ changes }) => changes.length > 0)
  if (pending.length === 0) {
    return hasProblems
      ? 'No changes that can be made: see the problems below.\n'
      : 'No changes: the warehouses are as declared.\n'
  }
  const changes = pending.flatMap((plan) => plan.changes)
  return `${pending.map((plan) => renderOne(plan, colour)).join('\n')}\nPlan: ${planSummary(changes)}.\n`
}

function renderOne({ space, destination, changes, statements, hash, destructive }: PlanView, colour: boolean): string {
  const title = `EngageSpace ${space} -> WarehouseDestination ${destination}`
  const lines = changes.map((change) => {
    const { sign, style } = MARKS[change.kind]
    const warning = isDestructive(change) ? ' (loses data)' : ''
    return paint(printable(`${sign} ${describeChange(change)}${warning}`), style, colour)
  })
  const sql = statements.map(
    (statement) => `    ${statement.trimEnd().replace(/;$/, '').replaceAll('\n', '\n    ')};\n`,
  )
  const approval = destructive ? `  hash ${hash}\n` : ''
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}${approval}\n${sql.join('')}`
}

const MARKS = {
  CreateSchema: { sign: '+', style: 'green' },
  CreateTable: { sign: '+', style: 'green' },
  AddColumn: { sign: '+', style: 'green' },
  RenameColumn: { sign: '~', style: 'yellow' },
  WidenColumn: { sign: '~', style: 'yellow' },
  DropColumn: { sign: '-', style: 'red' },
  DropTable: { sign: '-', style: 'red' },
  CreateView: { sign: '+', style: 'green' },
  ReplaceView: { sign: '~', style: 'yellow' },
  DropView: { sign: '-', style: 'red' },
} as const satisfies Record<PlannedChange['kind'], { sign: string; style: Style }>

function describeChange(change: PlannedChange): string {
  switch (change.kind) {
    case 'CreateSchema':
      return `create schema ${change.schema}`
    case 'CreateTable':
      return `create table ${change.table.schema}.${change.table.name}, ${counted(change.table.columns.length, 'column')}`
    case 'AddColumn':
      return `add column ${columnName(change.table, change.column.name)}, ${change.column.type}`
    case 'RenameColumn':
      return `rename column ${columnName(change.table, change.from)} to ${change.to}`
    case 'WidenColumn':
      return `widen column ${columnName(change.table, change.column)} from ${change.from} to ${change.to}`
    case 'DropColumn':
      return `drop column ${columnName(change.table, change.column)}`
    case 'DropTable':
      return `drop table ${change.table.schema}.${change.table.name}`
    case 'CreateView':
      return `create view ${change.view.schema}.${change.view.name}`
    case 'ReplaceView':
      return `replace view ${change.view.schema}.${change.view.name}`
    case 'DropView':
      return `drop view ${change.view.schema}.${change.view.name}`
  }
}

const columnName = (table: { schema: string; name: string }, column: string): string =>
  `${table.schema}.${table.name}.${column}`

/** `2 to create, 1 to change, 0 to drop`. */
function planSummary(changes: readonly PlannedChange[]): string {
  const count = (sign: string) => changes.filter(({ kind }) => MARKS[kind].sign === sign).length
  return `${count('+')} to create, ${count('~')} to change, ${count('-')} to drop`
}
