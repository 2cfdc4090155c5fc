import { afterAll, beforeAll, describe, expect, vi } from 'vitest'
import { EngageError } from '../../../src/model/errors.ts'
import type { TableName } from '../../../src/model/table.ts'
import { bookkeepingTable } from '../../../src/plan/bookkeeping.ts'
import { acquireLease } from '../../../src/warehouses/lease.ts'
import type { Session } from '../../../src/warehouses/port.ts'
import { casesOf, type Suite, Workbench } from './workbench.ts'

export function describeSessions(suite: Suite): void {
  const it = casesOf(suite)
  describe('transactions', () => {
    let bench: Workbench
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
    })
    afterAll(() => bench.close())

    it('leaves nothing of a transaction that fails, nor of its DDL where that takes part', async ({ skip }) => {
      const { transactions, transactionalDdl } = bench.warehouse.capabilities
      skip(!transactions, 'the warehouse has no transactions of several statements')
      const table = await bench.newTable({ id: 'String' })
      const column = { name: 'b', type: 'String', origin: 'Inferred' } as const
      const failing = bench.session.transaction(async () => {
        if (transactionalDdl) await bench.apply({ kind: 'AddColumn', table, column })
        await bench.session.execute(
          `INSERT INTO ${bench.dialect.table(table)} (${bench.dialect.quote('id')}) VALUES ('x')`,
        )
        throw new Error('the process meets a bug')
      })
      await expect(failing).rejects.toThrow('the process meets a bug')
      expect(await bench.rows(table, ['id'])).toEqual([])
      const { tables } = await bench.session.observe([table.schema])
      expect(tables[0]?.columns.map(({ name }) => name)).toEqual(['id'])
    })

    it('goes on after a statement that fails, and drops a stage after the rollback', async () => {
      const stage = await bench.stage({ a: 'String' }, [{ a: 'x' }])
      const failing = bench.session.transaction(() => bench.session.execute('SELECT * FROM no_such_table'))
      await expect(failing).rejects.toMatchObject({ name: 'EngageError', reason: 'WarehouseError' })
      await bench.session.dropStage(stage)
      expect(await bench.session.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
    })

    it('tells its version, and can be closed twice', async () => {
      const session = await bench.warehouse.connect()
      expect(await session.serverVersion()).toMatch(/^\w+ v?\d+\.\d+/)
      await session.close()
      await session.close()
    })
  })

  describe('lease', () => {
    let bench: Workbench
    let leases: TableName
    let other: Session
    beforeAll(async () => {
      bench = await Workbench.open(suite.setUp)
      const schema = await bench.newSchema()
      const table = bookkeepingTable(schema, 'leases')
      leases = table
      await bench.apply({ kind: 'CreateTable', table })
      other = await bench.warehouse.connect()
    })
    afterAll(async () => {
      await other.close()
      await bench.close()
    })

    const START = Date.parse('2026-01-01T00:00:00Z')
    let seconds = 0
    const now = () => new Date(START + seconds * 1000)
    /** Takes a lease for a minute, so many seconds after the start. */
    const take = (session: Session, scope: string, holder: string, at: number) => {
      seconds = at
      return acquireLease(session, bench.warehouse, { table: leases, scope, holder, seconds: 60, now })
    }
    const insertion = (table: TableName) => `INSERT INTO ${bench.dialect.table(table)} VALUES ('x')`

    it('is one holder’s until it expires or is given back', async () => {
      const first = await take(bench.session, 'a', 'one', 0)
      await expect(take(other, 'a', 'two', 59)).rejects.toMatchObject({
        reason: 'LeaseHeld',
        consequence: 'Wait',
      })
      seconds = 50
      await first.renew()
      await expect(take(other, 'a', 'two', 100)).rejects.toMatchObject({ reason: 'LeaseHeld' })
      await first.release()
      expect(await take(other, 'a', 'two', 100)).toMatchObject({
        holder: expect.stringMatching(/^two/),
        epoch: first.epoch + 1,
      })
      expect(await take(other, 'b', 'two', 0)).toMatchObject({ epoch: 1 })
    })

    it('is taken again by its own holder, with a new epoch, unless what that one left running commits by itself', async () => {
      const first = await take(bench.session, 'c', 'one', 0)
      const again = take(other, 'c', 'one', 1)
      if (bench.warehouse.capabilities.transactions) {
        expect((await again).epoch).toBe(first.epoch + 1)
        await expect(first.check()).rejects.toMatchObject({ reason: 'LeaseLost' })
        return
      }
      const refusal: unknown = await again.catch((error: unknown) => error)
      expect(refusal).toMatchObject({ reason: 'LeaseHeld', message: expect.stringContaining('00:01:00') })
      await first.check()
      // Who knows better can go on at once, by the statement of the message.
      const [, statement = ''] = /after: (UPDATE .*)$/.exec(String(refusal)) ?? []
      await other.execute(statement)
      expect((await take(other, 'c', 'one', 1)).epoch).toBe(first.epoch + 1)
    })

    it('is kept after a statement without an answer, where that may still run and commit by itself', async () => {
      const { transactions } = bench.warehouse.capabilities
      const lease = await take(bench.session, 'f', 'one', 0)
      {
        using execute = vi.spyOn(bench.session, 'execute')
        const late = () => Promise.reject(new EngageError('WarehouseUnreachable', 'Wait', 'no answer in time'))
        await expect(lease.execute('SELECT no_such_column')).rejects.toMatchObject({ reason: 'WarehouseError' })
        expect(lease.keptUntil).toBeUndefined()
        execute.mockImplementationOnce(late)
        await expect(lease.execute('SELECT 1')).rejects.toThrow('no answer in time')
      }
      expect(lease.keptUntil).toEqual(transactions ? undefined : new Date(START + 60_000))
      await lease.release()
      const next = take(other, 'f', 'two', 1)
      if (transactions) await next
      else await expect(next).rejects.toMatchObject({ reason: 'LeaseHeld' })
    })

    it('goes to one of two that take it at once', async () => {
      for (let round = 0; round < Math.max(3, bench.runs(10)); round += 1) {
        const outcomes = await Promise.allSettled([
          take(bench.session, `race ${round}`, 'one', 0),
          take(other, `race ${round}`, 'two', 0),
        ])
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ reason: 'LeaseHeld' })
        }
      }
    })

    it('stops a holder that slept past its end from committing', async () => {
      const table = await bench.newTable({ id: 'String' })
      const zombie = await take(bench.session, 'd', 'one', 0)
      await take(other, 'd', 'two', 61)
      const commit = zombie.write(async (execute) => void (await execute(insertion(table))))
      await expect(commit).rejects.toMatchObject({ reason: 'LeaseLost', consequence: 'Retry' })
      await expect(zombie.renew()).rejects.toMatchObject({ reason: 'LeaseLost' })
      expect(await bench.rows(table, ['id'])).toEqual([])
    })

    it('cannot be taken between the check and the commit', async () => {
      const table = await bench.newTable({ id: 'String' })
      const lease = await take(bench.session, 'e', 'one', 0)
      let thief: Promise<unknown> | undefined
      const outcome = await bench.session
        .transaction(async () => {
          await lease.check()
          thief = take(other, 'e', 'two', 61).then(
            () => 'stolen',
            () => 'refused',
          )
          await bench.session.execute(insertion(table))
          return 'committed'
        })
        .catch(() => 'failed')
      expect([outcome, await bench.rows(table, ['id'])]).toEqual(['committed', [{ id: 'x' }]])
      expect(await thief).toMatch(/stolen|refused/)
    })
  })
}
