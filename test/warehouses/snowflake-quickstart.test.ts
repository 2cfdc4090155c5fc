import { expect, it } from 'vitest'
import { quickstartTables } from './quickstart.ts'
import { describeOnSnowflake } from './snowflake-server.ts'

describeOnSnowflake('the quickstart on Snowflake', (server) => {
  it('gives the tables that it gives on DuckDB', { timeout: 120_000 }, async () => {
    const expected = await quickstartTables({ duckdb: { path: 'warehouse.duckdb' } })
    const { createDatabase, secret } = server()
    const settings = await createDatabase()
    const environment = { ENGAGEOPS_SECRET_WAREHOUSE_KEY: await secret({ name: 'warehouse', key: 'key' }) }
    const tables = await quickstartTables({ snowflake: settings }, environment)
    expect(Object.keys(expected)).toContain('engage_default.users')
    expect(tables).toEqual(expected)
  })
})
