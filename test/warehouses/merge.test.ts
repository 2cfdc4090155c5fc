import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { LogicalType } from '../../src/model/table.ts'
import { tableOf } from '../../src/plan/standard-tables.ts'
import { type MergeDialect, mergesOf } from '../../src/warehouses/merge.ts'
import type { Dialect, Statement, Warehouse } from '../../src/warehouses/port.ts'
import { dialect } from '../../src/warehouses/redshift/dialect.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { deleteMatched, mergeInto } from '../../src/warehouses/upsert.ts'
import { describeEvents } from './conformance/events.ts'
import { describeUsers } from './conformance/users.ts'
import { columnsOf, type Row, typed, Workbench } from './conformance/workbench.ts'
import { startRedshift } from './redshift-on-postgres.ts'

/** The merges that Snowflake, Databricks and BigQuery share, with their MERGE: Postgres has the same. */
const merging: MergeDialect = {
  quote: dialect.quote,
  table: dialect.table,
  literal: dialect.literal,
  textKeys: (expression) => [`CAST(${expression} AS character varying(65535))`],
  onlyOf: (expression, type) => (type === 'Boolean' ? `bool_or(${expression})` : `max(${expression})`),
  upsert: mergeInto,
  remove: deleteMatched,
}

const portable: Dialect = {
  ...dialect,
  ...mergesOf(merging),
}

async function setUp() {
  const server = await startRedshift()
  const settings = {
    host: server.host,
    port: server.port,
    database: await server.createDatabase(),
    username: server.user,
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'Disable' as const,
  }
  const environment = { baseDir: '.', secret: async () => server.password }
  const warehouse: Warehouse = {
    ...(await openWarehouse({ kind: 'redshift', settings }, environment)),
    dialect: portable,
  }
  return { warehouse, tearDown: () => server.stop() }
}

describe('merges with MERGE', () => {
  describeEvents({ setUp, gaps: {} })
  describeUsers({ setUp, gaps: {} })

  describe('without transactions', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(setUp)
    })
    afterAll(() => bench.close())

    const execute = async (statements: readonly Statement[]) => {
      for (const { sql } of statements) await bench.session.execute(sql)
    }

    it('finds the newest of versions that differ in one column of very many', async () => {
      const names = Array.from({ length: 250 }, (_, number) => `c${String(number).padStart(3, '0')}`)
      const columns: Record<string, LogicalType> = { id: 'String', received_at: 'Timestamp' }
      for (const name of names) columns[name] = 'String'
      const table = await bench.newTable({ ...columns, uuid_ts: 'Timestamp' }, ['id'])
      const version = (changed: string, value: string): Row => ({
        ...Object.fromEntries(names.map((name) => [name, 'same'])),
        id: 'x',
        received_at: '2026-01-01T00:00:00Z',
        [changed]: value,
      })
      const merge = async (rows: readonly Row[]) => {
        const stage = await bench.stage(columns, rows)
        const events = { target: table, stage, columns: typed(columns), loadedAt: '2026-03-01T00:00:00Z' }
        return bench.run(portable.mergeEvents(events))
      }
      expect(await merge([version('c205', 'a'), version('c205', 'z'), version('c205', 'b')])).toBe(1)
      expect(await bench.rows(table, ['c000', 'c205'])).toEqual([{ c000: 'same', c205: 'z' }])
      expect(await merge([version('c120', 'a'), version('c205', 'y'), version('c205', 'z')])).toBe(0)
      expect(await merge([version('c120', 'z'), version('c205', 'zz')])).toBe(1)
      expect(await bench.rows(table, ['c120', 'c205'])).toEqual([{ c120: 'z', c205: 'same' }])
    })

    it('comes to the same users wherever it was cut off', async () => {
      const traits: Record<string, LogicalType> = { a: 'String', b: 'Integer' }
      const columns = {
        ...traits,
        id: 'String',
        user_id: 'String',
        trait_set: 'String',
        received_at: 'Timestamp',
        timestamp: 'Timestamp',
      } as const
      const call = (id: string, second: number, values: Row): Row => ({
        id,
        user_id: 'u1',
        trait_set: Object.keys(values).sort().join(' '),
        received_at: `2026-01-01T00:00:0${second}Z`,
        ...values,
      })
      const batches = [
        [call('1', 1, { a: 'x' }), call('2', 2, { a: 'y', b: '1' })],
        [call('3', 3, { b: '2' }), call('4', 4, { a: 'z' }), call('5', 5, {})],
      ]
      const resultOf = async (cutAfter: number | undefined) => {
        const schema = await bench.newSchema()
        const users = tableOf('Users', { schema, name: 'users' }, columnsOf(traits))
        const twin = tableOf('UsersTwin', { schema, name: 'twin' }, columnsOf(traits))
        await bench.apply({ kind: 'CreateTable', table: users }, { kind: 'CreateTable', table: twin })
        for (const batch of batches) {
          const stage = await bench.stage(columns, batch)
          const merge = {
            users,
            twin,
            stage,
            traits: typed(traits),
            kept: [],
            rows: batch.length,
            loadedAt: '2026-03-01T00:00:00Z',
          }
          const statements = portable.mergeUsers(merge).flat()
          if (cutAfter !== undefined) await execute(statements.slice(0, cutAfter))
          await execute(statements)
        }
        return [
          await bench.rows(users, ['id', 'received_at', 'a', 'b']),
          await bench.rows(twin, ['user_id', 'trait_set', 'received_at', 'id', 'a', 'b']),
        ]
      }
      const whole = await resultOf(undefined)
      expect(whole[0]).toEqual([{ id: 'u1', received_at: '2026-01-01T00:00:05Z', a: 'z', b: '2' }])
      expect(whole[1]?.map(({ id }) => id)).toEqual(['4', '3'])
      for (const cutAfter of [1, 2, 3]) expect(await resultOf(cutAfter)).toEqual(whole)
    })
  })
})
