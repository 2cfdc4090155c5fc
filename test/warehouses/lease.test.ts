import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import { bookkeepingTable } from '../../src/plan/bookkeeping.ts'
import { acquireLease } from '../../src/warehouses/lease.ts'
import type { Session, Warehouse } from '../../src/warehouses/port.ts'
import { StatementFailed } from '../../src/warehouses/statement-failed.ts'
import { startPostgres } from './postgres-server.ts'
import { withoutTransactions } from './without-transactions.ts'

let postgres: Awaited<ReturnType<typeof startPostgres>>
let warehouse: Warehouse
let session: Session
beforeAll(async () => {
  postgres = await startPostgres()
  warehouse = (await withoutTransactions(postgres)).warehouse
  session = await warehouse.connect()
  const table = bookkeepingTable('engageops', 'leases')
  const { dialect } = warehouse
  const changes = [
    { kind: 'CreateSchema', schema: 'engageops' },
    { kind: 'CreateTable', table },
  ] as const
  for (const sql of changes.flatMap((change) => dialect.change(change))) await session.execute(sql)
})
afterAll(async () => {
  await session.close()
  await postgres.stop()
})

let minutes = 0
const now = () => new Date(Date.parse('2026-01-01T00:00:00Z') + minutes * 60_000)
const table = bookkeepingTable('engageops', 'leases')
/** Takes a lease for an hour. */
const take = (scope: string, at: number) => {
  minutes = at
  return acquireLease(session, warehouse, { table, scope, holder: 'run', seconds: 3600, now })
}
const heldUntil = async () => {
  const [row] = await session.query('SELECT max(expires_at) AS until FROM engageops.leases')
  return row?.until
}

it('is renewed before a statement that might outlast it', async () => {
  const lease = await take('slow', 0)
  await lease.write(async (execute) => {
    minutes = 15
    await execute('SELECT 1')
    expect(await heldUntil()).toBe('2026-01-01T01:00:00Z')
    minutes = 16
    await execute('SELECT 1')
    expect(await heldUntil()).toBe('2026-01-01T01:16:00Z')
  })
  await lease.release()
})

it('lets no statement begin when another has it by then', async () => {
  const lease = await take('late', 0)
  const merge = lease.write(async (execute) => {
    await take('late', 61)
    await execute('CREATE TABLE engageops.written_late (id text)')
  })
  await expect(merge).rejects.toMatchObject({ reason: 'LeaseLost' })
  const { tables } = await session.observe(['engageops'])
  expect(tables.map(({ name }) => name)).toEqual(['leases'])
})

it.each([
  [false, new StatementFailed('WarehouseError', 'Stalled', 'there is no such column')],
  [false, new StatementFailed('AuthenticationFailed', 'Stalled', 'refused before it began')],
  [true, new EngageError('WarehouseFull', 'Wait', 'no quota for the question how it ended')],
  [true, new EngageError('PermissionDenied', 'Stalled', 'no right to ask how it ended')],
  [true, new EngageError('WarehouseError', 'Retry', 'who knows')],
  [true, new TypeError('a defect')],
])('is kept: %s, when a statement ends with %s', async (isKept, error) => {
  const lease = await take(`kept ${error}`, 0)
  {
    using execute = vi.spyOn(session, 'execute')
    execute.mockRejectedValueOnce(error)
    await expect(lease.execute('SELECT 1')).rejects.toBe(error)
  }
  await lease.release()
  expect(lease.keptUntil).toEqual(isKept ? new Date('2026-01-01T01:00:00Z') : undefined)
  const next = take(`kept ${error}`, 1)
  if (isKept) await expect(next).rejects.toMatchObject({ reason: 'LeaseHeld' })
  else await next
})
