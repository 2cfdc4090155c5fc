import { describe, expect, it } from 'vitest'
import type { Column, Table } from '../../src/model/table.ts'
import { LOGICAL_TYPES } from '../../src/model/table.ts'
import type { Change, ViewChange } from '../../src/plan/change.ts'
import { statementsOf } from '../../src/plan/ddl.ts'
import { tableOf } from '../../src/plan/standard-tables.ts'
import { insertRows } from '../../src/sync/ledger.ts'
import { dialect as bigquery } from '../../src/warehouses/bigquery/dialect.ts'
import { estimatorOf } from '../../src/warehouses/bigquery/estimator.ts'
import { viewOf } from '../../src/warehouses/bigquery/views.ts'
import { dialect as databricks } from '../../src/warehouses/databricks/dialect.ts'
import { dialect as duckdb } from '../../src/warehouses/duckdb/dialect.ts'
import { dialect as postgres } from '../../src/warehouses/postgres/dialect.ts'
import { dialect as redshift } from '../../src/warehouses/redshift/dialect.ts'
import { dialect as snowflake } from '../../src/warehouses/snowflake/dialect.ts'

const LOADED_AT = '2026-03-01T00:00:00.000Z'

const TRAITS: Column[] = [
  { name: 'plan', type: 'String', origin: 'Inferred', source: "Customer's Plan" },
  { name: 'order', type: 'Integer', origin: 'Declared', source: 'order' },
]

const EVERY_TYPE: Table = {
  schema: 'engage_default',
  name: 'things',
  key: ['a_string', 'a_integer'],
  columns: LOGICAL_TYPES.map((type) => ({ name: `a_${type.toLowerCase()}`, type, origin: 'Declared' })),
}

const users = tableOf('Users', { schema: 'engage_default', name: 'users' }, TRAITS)
const twin = tableOf('UsersTwin', { schema: 'engageops', name: 'users_of_engage_default' }, TRAITS)
const event = tableOf('Event', { schema: 'engage_default', name: 'audience_entered' }, TRAITS)

const CHANGES: Change[] = [
  { kind: 'CreateSchema', schema: 'engage_default' },
  { kind: 'CreateTable', table: EVERY_TYPE },
  { kind: 'CreateTable', table: users },
  ...TRAITS.map((column): Change => ({ kind: 'AddColumn', table: users, column })),
  { kind: 'RenameColumn', table: users, from: 'plan', to: 'tier' },
  { kind: 'DropColumn', table: users, column: 'tier' },
  { kind: 'DropTable', table: users },
]

describe.each([
  ['duckdb', duckdb],
  ['postgres', postgres],
  ['redshift', redshift],
  ['snowflake', snowflake],
  ['databricks', databricks],
  ['bigquery', bigquery],
] as const)('SQL of %s', (kind, dialect) => {
  const stage = ['bigquery', 'databricks'].includes(kind) ? '`engageops`.`stage`' : 'temp."stage"'
  const expectSql = (name: string, statements: readonly string[]) =>
    expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot(`golden/${kind}/${name}.sql`)

  it('changes tables', async () => {
    await expectSql('changes', statementsOf(dialect, CHANGES))
  })

  it('inserts rows of the ledger', async () => {
    const row = { a_boolean: 'true', a_integer: '1', a_string: "it's", a_timestamp: LOADED_AT, a_json: '{"a":1}' }
    await expectSql('ledger', insertRows(dialect, EVERY_TYPE, [row, { a_json: '[]' }]))
  })

  it('widens columns', async () => {
    const pairs = LOGICAL_TYPES.flatMap((from) => LOGICAL_TYPES.map((to) => ({ from, to })))
    const changes = pairs
      .filter(({ from, to }) => dialect.canWiden(from, to))
      .map((pair): Change => ({ kind: 'WidenColumn', table: users, column: 'order', ...pair }))
    await expectSql(
      'widen',
      changes.flatMap((change) => dialect.change(change)),
    )
  })

  it('merges events', async () => {
    const columns = event.columns.filter(({ name }) => ['id', 'received_at', 'user_id', 'plan', 'order'].includes(name))
    const merge = { target: event, stage, columns, only: 'to_identifies', loadedAt: LOADED_AT }
    await expectSql(
      'merge-events',
      dialect.mergeEvents(merge).map(({ sql }) => sql),
    )
  })

  it('merges users', async () => {
    const statements = dialect
      .mergeUsers({ users, twin, stage, traits: TRAITS, kept: [], rows: 1, loadedAt: LOADED_AT })
      .flat()
    await expectSql(
      'merge-users',
      statements.map(({ sql }) => sql),
    )
  })

  it('inserts what is missing', async () => {
    const merge = { target: EVERY_TYPE, stage, columns: ['a_string', 'a_integer', 'a_json'] }
    await expectSql(
      'insert-missing',
      dialect.insertMissing(merge).map(({ sql }) => sql),
    )
  })

  it('keeps hostile names and values inside their quotes', () => {
    if (kind === 'databricks') {
      expect(dialect.table({ schema: 's`; DROP SCHEMA x; --', name: 't\n' })).toBe('`s``; DROP SCHEMA x; --`.`t\n`')
      expect(dialect.literal(`\\'; DROP TABLE x; --${'$'}{env:HOME}\0`, 'String')).toBe(
        "'\\\\\\'; DROP TABLE x; --\\u0024{env:HOME}\\u0000'",
      )
      return
    }
    const name = { schema: 's"; DROP SCHEMA x; --', name: 't\\"\n' }
    const backslashes = kind === 'bigquery'
    expect(dialect.table(name).toLowerCase()).toBe(
      backslashes ? '`s"; drop schema x; --`.`t\\\\"\\n`' : '"s""; drop schema x; --"."t\\""\n"',
    )
    expect(dialect.literal("'; DROP TABLE x; --", 'Integer')).toBe(
      `CAST('${backslashes ? '\\' : "'"}'; DROP TABLE x; --' AS ${dialect.sqlType('Integer')})`,
    )
  })

  it('finds no drift in a type that it made', () => {
    for (const type of LOGICAL_TYPES) {
      const observed = dialect.logicalType(dialect.sqlType(type))
      expect(observed && dialect.sqlType(observed)).toBe(dialect.sqlType(type))
    }
    expect(dialect.logicalType('point')).toBeUndefined()
  })
})

it('BigQuery makes, replaces and drops views', async () => {
  const view = viewOf(event, 60)
  const changes: ViewChange[] = [
    { kind: 'CreateView', view },
    { kind: 'ReplaceView', view: viewOf(users, 60) },
    { kind: 'DropView', view },
  ]
  const sql = statementsOf(bigquery, changes)
  await expect(`${sql.join(';\n\n')};\n`).toMatchFileSnapshot('golden/bigquery/views.sql')
})

it('BigQuery is asked what a merge would read with values that it cannot know in place of a stage', async () => {
  const { standIn } = estimatorOf(
    { projectId: 'company-data', location: 'EU' },
    { baseDir: '.', secret: async () => '' },
  )
  const within = { from: '2026-01-30T00:00:00.000Z', to: '2026-03-31T00:00:00.000Z' }
  const columns = event.columns.filter(({ name }) => ['id', 'received_at', 'user_id', 'plan', 'order'].includes(name))
  const merges = [
    bigquery.mergeEvents({ target: event, stage: standIn(columns), columns, within, loadedAt: LOADED_AT }),
    ...bigquery.mergeUsers({
      users,
      twin,
      stage: standIn(twin.columns),
      traits: TRAITS,
      kept: [],
      rows: 1,
      loadedAt: LOADED_AT,
    }),
  ]
  const sql = merges.flat().map((statement) => statement.sql)
  await expect(`${sql.join(';\n\n')};\n`).toMatchFileSnapshot('golden/bigquery/merge-estimates.sql')
})
