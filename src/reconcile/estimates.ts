import { EngageError } from '../model/errors.ts'
import type { Table, TypedColumn } from '../model/table.ts'
import { usersTwin } from '../plan/bookkeeping.ts'
import { tableId } from '../plan/registry.ts'
import { standardNames } from '../plan/standard-tables.ts'
import { around } from '../sync/dedupe-range.ts'
import type { Estimator, Statement, Warehouse } from '../warehouses/port.ts'
import type { SchemaPlan } from './schema.ts'

/** What the next merge into a table would read in the warehouse, or why that is not known. */
export type MergeEstimate = { table: string } & ({ bytes: number } | { unknown: string })

/**
 * What the merge of one segment of new calls would read of each table that exists: all of its columns, in the days of the
 * dedupe window around now. Nothing where statements are not paid by what they read.
 */
export async function estimateMerges(
  warehouse: Warehouse,
  plan: SchemaPlan,
  now: Date,
  signal?: AbortSignal,
): Promise<MergeEstimate[]> {
  const { estimator } = warehouse
  const merges = estimator ? mergesOf(warehouse, estimator, plan, now) : []
  if (!estimator || merges.length === 0) return []
  try {
    const found = await estimator.bytesOf(
      merges.flatMap(({ statements }) => statements.map(({ sql }) => sql)),
      signal,
    )
    return merges.map(({ table, statements }) => ({ table, ...sumOf(found.splice(0, statements.length)) }))
  } catch (error) {
    if (!(error instanceof EngageError)) throw error
    return merges.map(({ table }) => ({ table, ...sumOf([error]) }))
  }
}

interface Merge {
  /** As its `tableId`. */
  table: string
  statements: Statement[]
}

function mergesOf({ dialect, capabilities }: Warehouse, { standIn }: Estimator, plan: SchemaPlan, now: Date): Merge[] {
  const { order } = plan
  const loadedAt = now.toISOString()
  const users = order.classic && { schema: order.classic.schema, name: 'users' }
  const existing = new Map(existingTables(plan).map((table) => [tableId(table), table]))
  return [...existing].flatMap(([id, table]): Merge[] => {
    if (table.schema === order.bookkeepingSchema) return []
    if (users && id === tableId(users)) {
      const twin = existing.get(tableId(usersTwin(order.bookkeepingSchema, users.schema)))
      if (!twin) return []
      const taken = new Set(table.columns.map(({ name }) => name))
      const all = twin.columns.filter(({ name }) => !standardNames('UsersTwin').has(name))
      const traits = all.filter(({ name }) => taken.has(name))
      const kept = all.flatMap(({ name }) => (taken.has(name) ? [] : [name]))
      const merge = { users, twin, stage: standIn(twin.columns), traits, kept, rows: 1, loadedAt }
      return [{ table: id, statements: dialect.mergeUsers(merge).flat() }]
    }
    const columns = table.columns.filter(({ name }) => name !== 'uuid_ts')
    const within = capabilities.prunesByTime ? { within: around(loadedAt, loadedAt, order.policy.dedupeDays) } : {}
    const merge = { target: table, stage: standIn(columns), columns, loadedAt, ...within }
    return [{ table: id, statements: dialect.mergeEvents(merge) }]
  })
}

function sumOf(parts: readonly (number | EngageError)[]): { bytes: number } | { unknown: string } {
  let bytes = 0
  for (const part of parts) {
    if (part instanceof EngageError) return { unknown: `${part.reason}: ${part.message}` }
    bytes += part
  }
  return { bytes }
}

/** The tables that are there now, with the columns that they have now. */
function existingTables({ tables, plan }: SchemaPlan): (Pick<Table, 'schema' | 'name'> & { columns: TypedColumn[] })[] {
  const made = new Set<string>()
  const added = new Set<string>()
  for (const change of plan.changes) {
    if (change.kind === 'CreateTable') made.add(tableId(change.table))
    else if (change.kind === 'AddColumn') added.add(`${tableId(change.table)}.${change.column.name}`)
    else if (change.kind === 'RenameColumn') added.add(`${tableId(change.table)}.${change.to}`)
  }
  return tables
    .filter((table) => !made.has(tableId(table)))
    .map(({ schema, name, columns }) => ({
      schema,
      name,
      columns: columns.filter((column) => !added.has(`${schema}.${name}.${column.name}`)),
    }))
}
