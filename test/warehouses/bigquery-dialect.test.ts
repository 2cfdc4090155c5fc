import { expect, it } from 'vitest'
import { columnIdentifier, tableIdentifier } from '../../src/engage/identifiers.ts'
import { bookkeepingTables, usersTwin } from '../../src/plan/bookkeeping.ts'
import { tableOf } from '../../src/plan/standard-tables.ts'
import { dialect } from '../../src/warehouses/bigquery/dialect.ts'
import { observeQuery } from '../../src/warehouses/bigquery/introspect.ts'

const EVENT = tableOf('Event', { schema: 'engage_default', name: 'audience_entered' })

it('looks for duplicates between constants, which keep it from reading other days', () => {
  const within = { from: '2026-01-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' }
  const columns = EVENT.columns.filter(({ name }) => name === 'id' || name === 'received_at')
  const merge = { target: EVENT, stage: '`engageops`.`stage`', columns, within, loadedAt: within.to }
  const [{ sql } = { sql: '' }] = dialect.mergeEvents(merge)
  const bound = (comparison: string, time: string) => `__t.\`received_at\` ${comparison} TIMESTAMP '${time}'`
  expect(sql).toContain(`ON __s.\`id\` = __t.\`id\` AND ${bound('>=', within.from)} AND ${bound('<=', within.to)}\n`)
})

it('keeps tables of calls by day, and others only near their keys', () => {
  const layoutOf = (table: Parameters<typeof tableOf>[0] | ReturnType<typeof tableOf>) => {
    const made = typeof table === 'string' ? tableOf(table, { schema: 's', name: 't' }) : table
    return dialect.change({ kind: 'CreateTable', table: made })[0]?.split('\n)')[1]?.trim().split('\n')
  }
  const byDay = ['PARTITION BY TIMESTAMP_TRUNC(`received_at`, DAY)', 'CLUSTER BY `id`']
  expect([layoutOf('Event'), layoutOf('Identifies'), layoutOf('StorageActions')]).toEqual([byDay, byDay, byDay])
  expect(layoutOf('Users')).toEqual(['CLUSTER BY `id`'])
  expect(layoutOf(tableOf('UsersTwin', usersTwin('engageops', 'engage_default')))).toEqual([
    'CLUSTER BY `user_id`, `trait_set`',
  ])
  for (const table of bookkeepingTables('engageops')) {
    expect(layoutOf(table)?.join() ?? '').not.toMatch(/PARTITION|(`\w+`, ){4}/)
  }
})

it('gives no name that BigQuery keeps for itself', () => {
  const kept = /^(_table_|_file_|_partition|_row_timestamp|__root__|_colidentifier)/i
  const sources = [
    '_TABLE_SUFFIX',
    '_FILE_NAME',
    '_PARTITIONTIME',
    '_PARTITIONDATE',
    '__ROOT__',
    '_CHANGE_TYPE',
    '_ROW_TIMESTAMP',
    '_colidentifier_1',
  ]
  for (const source of sources) {
    expect(columnIdentifier(source, dialect.identifiers)).not.toMatch(kept)
    expect(tableIdentifier(source, dialect.identifiers)).not.toMatch(kept)
  }
})

it('asks for the datasets of its region in one query', () => {
  const sql = observeQuery({ projectId: 'company-data', location: 'EU' }, ['a', "b'"])
  expect(sql.match(/`company-data`\.`region-eu`\.INFORMATION_SCHEMA\.\w+/g)).toHaveLength(3)
  expect(sql).toContain("IN ('a', 'b\\'')")
})
