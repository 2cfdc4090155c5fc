import { afterAll, beforeAll, expect, it } from 'vitest'
import { type MergeDialect, mergesOf } from '../../src/warehouses/merge.ts'
import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { deleteMatched, mergeInto } from '../../src/warehouses/upsert.ts'
import { MortalClient } from '../warehouses/mortal-client.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { Quickstart } from '../warehouses/quickstart.ts'

let postgres: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

/** Postgres as a warehouse that has no transactions of several statements, and merges as those do. */
async function withoutTransactions(): Promise<{ block: object; warehouse: Warehouse }> {
  const database = await postgres.createDatabase()
  const settings = {
    host: postgres.host,
    port: postgres.port,
    database,
    username: postgres.user,
    passwordSecretRef: { name: 'pg', key: 'password' },
    sslMode: 'Disable' as const,
  }
  const warehouse = await openWarehouse(
    { kind: 'postgres', settings },
    { baseDir: '.', secret: async () => postgres.password },
  )
  const merging: MergeDialect = {
    ...warehouse.dialect,
    textKeys: (expression) => [`CAST(${expression} AS text) COLLATE "C"`],
    onlyOf: (expression, type) => {
      if (type === 'Boolean') return `bool_or(${expression})`
      return type === 'Json' ? `CAST(max(CAST(${expression} AS text)) AS jsonb)` : `max(${expression})`
    },
    upsert: mergeInto,
    remove: deleteMatched,
  }
  const capabilities = { ...warehouse.capabilities, transactions: false, transactionalDdl: false }
  return {
    block: { postgres: settings },
    warehouse: {
      ...warehouse,
      capabilities,
      dialect: {
        ...warehouse.dialect,
        ...mergesOf(merging),
      },
      async connect(signal) {
        const session = await warehouse.connect(signal)
        const transaction: Session['transaction'] = (work) => work()
        return Object.assign(session, { transaction })
      },
    },
  }
}

it('comes to the same tables without transactions, cut off after any statement', { timeout: 180_000 }, async () => {
  /** What a sync that dies after so many statements, and one after it, leave; and how many statements the first had. */
  const tablesAfter = async (statements: number) => {
    const { block, warehouse } = await withoutTransactions()
    const place = { block, environment: {}, stop: async () => undefined }
    await using quickstart = await Quickstart.at(place, { openWarehouse: async () => warehouse })
    await quickstart.apply()
    const client = new MortalClient(statements)
    await quickstart.sync({ openWarehouse: async () => client.of(warehouse) }).catch(() => undefined)
    await quickstart.sync()
    return { tables: await quickstart.tables(), spent: client.spent }
  }
  const whole = await tablesAfter(Number.POSITIVE_INFINITY)
  expect(whole.spent).toBeGreaterThan(20)
  for (let statements = 1; statements < whole.spent; statements += 1) {
    expect(await tablesAfter(statements)).toEqual({ tables: whole.tables, spent: statements })
  }
})
