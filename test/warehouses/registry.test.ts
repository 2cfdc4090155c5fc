import { expect, it } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'

it('says which warehouse this build has no driver for', async () => {
  const settings = { projectId: 'project', location: 'EU' }
  const environment = { baseDir: '.', secret: async () => '' }
  await expect(openWarehouse({ kind: 'bigquery', settings }, environment)).rejects.toMatchObject({
    reason: 'WarehouseUnsupported',
    message: expect.stringContaining('bigquery'),
  })
})

it('knows a warehouse by its database, without secrets', async () => {
  const environment = { baseDir: '/anywhere', secret: async () => 'secret' }
  const duckdb = await openWarehouse({ kind: 'duckdb', settings: { path: './data/engage.duckdb' } }, environment)
  expect(duckdb.identity).toBe('duckdb:data/engage.duckdb')
  const settings = {
    host: 'DB.example.com',
    port: 5432,
    database: 'Engage',
    username: 'engageops',
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'VerifyFull' as const,
  }
  const postgres = await openWarehouse({ kind: 'postgres', settings }, environment)
  expect(postgres.identity).toBe('postgres:db.example.com:5432/Engage')
})
