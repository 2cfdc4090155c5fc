import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Warehouse } from '../../src/warehouses/port.ts'
import { describeOnSpark, startDatabricks } from './databricks-server.ts'
import { MortalClient } from './mortal-client.ts'
import { DUCKDB } from './places.ts'
import { Quickstart } from './quickstart.ts'

vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 })

describeOnSpark('syncs on Databricks', () => {
  let server: Awaited<ReturnType<typeof startDatabricks>>
  let warehouse: Warehouse
  beforeAll(async () => {
    server = await startDatabricks()
    warehouse = await server.warehouse()
  })
  afterAll(() => server?.gateway.stop())
  afterEach(async () => {
    await using session = await warehouse.connect()
    const { tables } = await session.observe(['default', 'engage_default', 'engageops'])
    for (const table of tables) await session.execute(`DROP TABLE ${warehouse.dialect.table(table)}`)
  })

  it('gives the tables of the quickstart that DuckDB gives, also when one was cut off', async () => {
    await using onDuckDb = await Quickstart.at(await DUCKDB.start())
    await onDuckDb.apply()
    await onDuckDb.sync()
    const expected = await onDuckDb.tables()
    expect(Object.keys(expected).length).toBeGreaterThan(5)

    const place = { block: { databricks: server.settings }, environment: {}, stop: async () => undefined }
    await using onSpark = await Quickstart.at(place, { openWarehouse: async () => warehouse })
    await onSpark.apply()
    // Somewhere between the merges: test/sync/cut-off.test.ts does it at every place.
    const client = new MortalClient(12)
    await expect(onSpark.sync({ openWarehouse: async () => client.of(warehouse) })).rejects.toThrow()
    expect(client.spent).toBe(12)
    // What it left running might still be: it is waited for.
    await expect(onSpark.sync()).rejects.toThrow('LeaseHeld')
    await onSpark.sync({ now: () => new Date(Date.now() + 3_601_000) })
    expect(await onSpark.tables()).toEqual(expected)
    const merges = server.gateway.statements.filter((sql) => sql.startsWith('MERGE INTO `engage_default`'))
    for (const sql of merges.filter((sql) => !sql.includes('`users`'))) {
      expect(sql).toMatch(/__t\.`received_at` >= CAST\('/)
    }
    expect(server.gateway.statements.some((sql) => sql.startsWith('COPY INTO'))).toBe(true)
  })
})
