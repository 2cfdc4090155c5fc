import { afterAll, beforeAll, describe, expect } from 'vitest'
import type { TableName } from '../../../src/model/table.ts'
import { bookkeepingTable } from '../../../src/plan/bookkeeping.ts'
import { acquireLease, checkEpoch, releaseLease, renewLease, writeAsHolder } from '../../../src/warehouses/lease.ts'
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
    const at = (seconds: number) => () => new Date(START + seconds * 1000)
    const take = (session: Session, scope: string, holder: string, now: () => Date) =>
      acquireLease(session, bench.dialect, leases, scope, holder, 60, now)

    it('is one holder’s until it expires or is given back', async () => {
      const first = await take(bench.session, 'a', 'one', at(0))
      await expect(take(other, 'a', 'two', at(59))).rejects.toMatchObject({
        reason: 'LeaseHeld',
        consequence: 'Wait',
      })
      await renewLease(bench.session, bench.dialect, first, 60, at(50))
      await expect(take(other, 'a', 'two', at(100))).rejects.toMatchObject({ reason: 'LeaseHeld' })
      await releaseLease(bench.session, bench.dialect, first)
      expect(await take(other, 'a', 'two', at(100))).toMatchObject({ holder: 'two', epoch: first.epoch + 1 })
      expect(await take(other, 'b', 'two', at(0))).toMatchObject({ scope: 'b', epoch: 1 })
    })

    it('is taken again by its own holder, with a new epoch', async () => {
      const first = await take(bench.session, 'c', 'one', at(0))
      const second = await take(other, 'c', 'one', at(1))
      expect(second.epoch).toBe(first.epoch + 1)
      await expect(checkEpoch(bench.session, bench.dialect, first)).rejects.toMatchObject({ reason: 'LeaseLost' })
    })

    it('goes to one of two that take it at once', async () => {
      for (let round = 0; round < Math.max(3, bench.runs(10)); round += 1) {
        const outcomes = await Promise.allSettled([
          take(bench.session, `race ${round}`, 'one', at(0)),
          take(other, `race ${round}`, 'two', at(0)),
        ])
        expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        for (const outcome of outcomes) {
          if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ reason: 'LeaseHeld' })
        }
      }
    })

    it('stops a holder that slept past its end from committing', async () => {
      const table = await bench.newTable({ id: 'String' })
      const zombie = await take(bench.session, 'd', 'one', at(0))
      await take(other, 'd', 'two', at(61))
      const commit = writeAsHolder(bench.session, bench.warehouse, zombie, async () => {
        await bench.session.execute(`INSERT INTO ${bench.dialect.table(table)} VALUES ('x')`)
      })
      await expect(commit).rejects.toMatchObject({ reason: 'LeaseLost', consequence: 'Retry' })
      await expect(renewLease(bench.session, bench.dialect, zombie, 60, at(62))).rejects.toMatchObject({
        reason: 'LeaseLost',
      })
      expect(await bench.rows(table, ['id'])).toEqual([])
    })

    it('cannot be taken between the check and the commit', async () => {
      const table = await bench.newTable({ id: 'String' })
      const lease = await take(bench.session, 'e', 'one', at(0))
      let thief: Promise<unknown> | undefined
      const outcome = await bench.session
        .transaction(async () => {
          await checkEpoch(bench.session, bench.dialect, lease)
          thief = take(other, 'e', 'two', at(61)).then(
            () => 'stolen',
            () => 'refused',
          )
          await bench.session.execute(`INSERT INTO ${bench.dialect.table(table)} VALUES ('x')`)
          return 'committed'
        })
        .catch(() => 'failed')
      expect([outcome, await bench.rows(table, ['id'])]).toEqual(['committed', [{ id: 'x' }]])
      expect(await thief).toMatch(/stolen|refused/)
    })
  })
}
