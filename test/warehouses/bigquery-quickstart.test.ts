import { expect, it } from 'vitest'
import { describeOnBigQuery } from './bigquery-server.ts'
import { quickstartTables } from './quickstart.ts'

describeOnBigQuery('the quickstart on BigQuery', (server) => {
  it('gives the tables that it gives on DuckDB', { timeout: 120_000 }, async () => {
    const expected = await quickstartTables({ duckdb: { path: 'warehouse.duckdb' } })
    const environment = { ENGAGEOPS_SECRET_WAREHOUSE_KEY_JSON: server().key }
    const tables = await quickstartTables({ bigquery: server().newProject() }, environment)
    expect(Object.keys(expected)).toContain('engage_default.users')
    expect(tables).toEqual(expected)
  })
})
