import { type MergeDialect, mergesOf } from '../../src/warehouses/merge.ts'
import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { deleteMatched, mergeInto } from '../../src/warehouses/upsert.ts'
import type { startPostgres } from './postgres-server.ts'

/** Postgres as a warehouse that has no transactions of several statements, and merges as those do. */
export async function withoutTransactions(
  postgres: Awaited<ReturnType<typeof startPostgres>>,
): Promise<{ block: object; warehouse: Warehouse }> {
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
