import { afterAll, beforeAll, expect, it } from 'vitest'
import { MortalClient } from '../warehouses/mortal-client.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { Quickstart } from '../warehouses/quickstart.ts'
import { withoutTransactions } from '../warehouses/without-transactions.ts'

let postgres: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  postgres = await startPostgres()
})
afterAll(() => postgres.stop())

/** When a lease that nobody gave back has expired. */
const later = () => new Date(Date.now() + 3_601_000)

it('comes to the same tables without transactions, cut off after any statement', { timeout: 300_000 }, async () => {
  /**
   * What a sync that dies after so many statements, and one after it, leave; how many statements the first had; and
   * whether its lease has held off a sync that came at once, since its last statement might still be running.
   */
  const tablesAfter = async (statements: number) => {
    const { block, warehouse } = await withoutTransactions(postgres)
    const place = { block, environment: {}, stop: async () => undefined }
    await using quickstart = await Quickstart.at(place, { openWarehouse: async () => warehouse })
    await quickstart.apply()
    const client = new MortalClient(statements)
    await quickstart.sync({ openWarehouse: async () => client.of(warehouse) }).catch(() => undefined)
    const atOnce = await quickstart.sync().catch((error: unknown) => error)
    const isHeld = String(atOnce).includes('LeaseHeld')
    await quickstart.sync({ now: later })
    return { tables: await quickstart.tables(), spent: client.spent, isHeld }
  }
  const whole = await tablesAfter(Number.POSITIVE_INFINITY)
  expect(whole).toMatchObject({ isHeld: false })
  expect(whole.spent).toBeGreaterThan(20)
  for (let statements = 1; statements < whole.spent; statements += 1) {
    // The last one gives the lease back: all is done then, and nobody asks for it.
    const isHeld = statements < whole.spent - 1
    expect(await tablesAfter(statements)).toEqual({ tables: whole.tables, spent: statements, isHeld })
  }
})
