import type { LogicalType, Table } from '../src/model/table.ts'
import { diff } from '../src/plan/diff.ts'
import type { DiffOptions } from '../src/plan/difference.ts'
import type { Observed } from '../src/plan/observed.ts'
import { makePlan } from '../src/plan/plan.ts'
import { type RegisteredColumn, tableId } from '../src/plan/registry.ts'
import { dialect } from '../src/warehouses/duckdb/dialect.ts'

/** Compares 1,000 tables of 50 columns with a warehouse that lacks one column in ten tables. */
const TABLES = 1000
const COLUMNS = 50
const ROUNDS = 15
const TYPES: LogicalType[] = ['String', 'Integer', 'Float', 'Boolean', 'Timestamp']

const desired: Table[] = Array.from({ length: TABLES }, (_, t) => ({
  schema: 'engage_bench',
  name: `event_${t}`,
  key: ['id'],
  columns: Array.from({ length: COLUMNS }, (_, c) => ({
    name: `property_${c}`,
    type: TYPES[c % TYPES.length] ?? 'String',
    origin: 'Declared',
  })),
}))
const observed: Observed = {
  schemas: ['engage_bench'],
  tables: desired.map(({ schema, name, columns }, t) => ({
    schema,
    name,
    kind: 'Table',
    columns: columns
      .slice(0, t % 10 === 0 ? -1 : undefined)
      .map((column) => ({ name: column.name, type: column.type, sqlType: dialect.sqlType(column.type) })),
  })),
}
const registry: RegisteredColumn[] = observed.tables.flatMap(({ schema, name, columns }) =>
  columns.map((column) => ({ schema, name, column: column.name, type: column.type ?? 'String', origin: 'Declared' })),
)
const options: DiffOptions = {
  types: dialect,
  owned: new Set(desired.map(tableId)),
  ledger: new Set(),
  adoption: 'IfCompatible',
  drift: { mode: 'Correct' },
  schemaPolicy: { dropObjects: 'Forbid', widenTypes: 'Allow' },
  isRetained: () => false,
}

/** The same question asked the straightforward way: find each table and column by looking through the lists. */
function naive(): number {
  let missing = 0
  for (const table of desired) {
    const found = observed.tables.find((other) => other.schema === table.schema && other.name === table.name)
    for (const column of table.columns) {
      if (!found?.columns.find((other) => other.name === column.name && other.type === column.type)) missing++
    }
  }
  return missing
}

function median(work: () => number): { ms: number; found: number } {
  const times: number[] = []
  let found = 0
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now()
    found = work()
    times.push(performance.now() - start)
  }
  times.sort((a, b) => a - b)
  return { ms: times[Math.floor(ROUNDS / 2)] ?? 0, found }
}

const baseline = median(naive)
const start = performance.now()
const first = diff(desired, observed, registry, options)
const cold = performance.now() - start
const ours = median(() => makePlan(diff(desired, observed, registry, options).changes, dialect).statements.length)
if (first.changes.length !== baseline.found || ours.found !== baseline.found) {
  throw new Error(`${first.changes.length} changes, but ${baseline.found} columns are missing`)
}
console.log(`${TABLES} tables x ${COLUMNS} columns, ${baseline.found} changes`)
console.log(`plan   ${ours.ms.toFixed(1)} ms (first time ${cold.toFixed(1)} ms; target: under 100 ms)`)
console.log(`naive  ${baseline.ms.toFixed(1)} ms: existence only, no registry, no policies`)
console.log(`ratio  ${(ours.ms / baseline.ms).toFixed(2)}`)
