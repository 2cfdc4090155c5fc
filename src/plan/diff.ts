import type { Table } from '../model/table.ts'
import type { Change } from './change.ts'
import type { Difference, DiffOptions } from './difference.ts'
import { globs } from './globs.ts'
import type { Observed } from './observed.ts'
import { type RegisteredColumn, tableId } from './registry.ts'
import { TableDiff } from './table-diff.ts'

/** What must change for the warehouse to have the desired tables. Pure: the same input gives the same changes in order. */
export function diff(
  desired: readonly Table[],
  observed: Observed,
  registry: readonly RegisteredColumn[],
  options: DiffOptions,
): Difference {
  const difference: Difference = {
    changes: [],
    problems: [],
    drift: [],
    cautions: [],
    register: [],
    unregister: [],
    usable: [],
  }
  const tables = new Map(observed.tables.map((table) => [tableId(table), table]))
  const registered = byTable(registry)
  const ignoresTable = globs(options.drift.ignore?.tables)
  const ignoresColumn = globs(options.drift.ignore?.columns)
  for (const table of desired) {
    const id = tableId(table)
    const comparison = new TableDiff({
      desired: table,
      found: tables.get(id),
      registered: registered.get(id) ?? NONE,
      options,
      ignoresColumn,
      out: difference,
    })
    comparison.run(ignoresTable(table.name))
  }
  for (const { schema, message } of observed.expirations ?? []) {
    difference.cautions.push({ about: { schema }, reason: 'DataExpires', message: `schema ${schema}: ${message}` })
  }
  difference.changes.unshift(...missingSchemas(difference.changes, observed))
  return difference
}

const NONE: ReadonlyMap<string, RegisteredColumn> = new Map()

/** Rows of one table mostly stand together: its name is put together once, not for every row. */
function byTable(registry: readonly RegisteredColumn[]): Map<string, Map<string, RegisteredColumn>> {
  const tables = new Map<string, Map<string, RegisteredColumn>>()
  let last: { schema: string; name: string; rows: Map<string, RegisteredColumn> } | undefined
  for (const row of registry) {
    if (last?.name !== row.name || last.schema !== row.schema) {
      const id = tableId(row)
      const rows = tables.get(id) ?? new Map<string, RegisteredColumn>()
      tables.set(id, rows)
      last = { schema: row.schema, name: row.name, rows }
    }
    last.rows.set(row.column, row)
  }
  return tables
}

function missingSchemas(changes: readonly Change[], observed: Observed): Change[] {
  const schemas = new Set(changes.flatMap((change) => (change.kind === 'CreateTable' ? [change.table.schema] : [])))
  for (const schema of observed.schemas) schemas.delete(schema)
  return [...schemas].map((schema) => ({ kind: 'CreateSchema', schema }))
}
