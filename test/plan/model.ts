import type { Table } from '../../src/model/table.ts'
import { diff } from '../../src/plan/diff.ts'
import type { Difference, DiffOptions } from '../../src/plan/difference.ts'
import type { Observed, ObservedTable } from '../../src/plan/observed.ts'
import { type RegisteredColumn, tableId } from '../../src/plan/registry.ts'
import { dialect } from '../../src/warehouses/duckdb/dialect.ts'

/** A warehouse in memory: what the planner sees of it. */
export interface Model {
  observed: Observed
  registry: RegisteredColumn[]
  owned: Set<string>
}

export const EMPTY: Model = { observed: { schemas: [], tables: [] }, registry: [], owned: new Set() }

export function plan(desired: readonly Table[], model: Model, options: Partial<DiffOptions> = {}): Difference {
  return diff(desired, model.observed, model.registry, {
    types: dialect,
    owned: model.owned,
    ledger: new Set(),
    adoption: 'IfCompatible',
    drift: { mode: 'Correct' },
    schemaPolicy: { dropObjects: 'Forbid', widenTypes: 'Allow' },
    isRetained: () => false,
    ...options,
  })
}

const observedColumn = (name: string, type: Table['columns'][number]['type']) => ({
  name,
  type,
  sqlType: dialect.sqlType(type),
})

/** What the warehouse and the ledger are after a plan. */
export function apply(model: Model, { changes, register, unregister, usable }: Difference): Model {
  const schemas = new Set(model.observed.schemas)
  const tables = new Map(
    model.observed.tables.map((table): [string, ObservedTable] => [tableId(table), structuredClone(table)]),
  )
  for (const change of changes) {
    switch (change.kind) {
      case 'CreateSchema':
        schemas.add(change.schema)
        break
      case 'CreateTable': {
        const { schema, name, columns } = change.table
        tables.set(tableId(change.table), {
          schema,
          name,
          kind: 'Table',
          columns: columns.map((column) => observedColumn(column.name, column.type)),
        })
        break
      }
      case 'DropTable':
        tables.delete(tableId(change.table))
        break
      default: {
        const table = tables.get(tableId(change.table))
        if (!table) throw new Error(`${tableId(change.table)} is not there`)
        table.columns = table.columns.flatMap((column) => {
          if (change.kind === 'RenameColumn' && column.name === change.from) return [{ ...column, name: change.to }]
          if (change.kind === 'WidenColumn' && column.name === change.column)
            return [observedColumn(column.name, change.to)]
          return change.kind === 'DropColumn' && column.name === change.column ? [] : [column]
        })
        if (change.kind === 'AddColumn') table.columns.push(observedColumn(change.column.name, change.column.type))
      }
    }
  }
  const registry = new Map(model.registry.map((row) => [`${tableId(row)}.${row.column}`, row]))
  for (const row of unregister) registry.delete(`${tableId(row)}.${row.column}`)
  for (const row of register) registry.set(`${tableId(row)}.${row.column}`, row)
  return {
    observed: { schemas: [...schemas], tables: [...tables.values()] },
    registry: [...registry.values()],
    owned: new Set([...model.owned, ...usable.map(tableId)]),
  }
}
