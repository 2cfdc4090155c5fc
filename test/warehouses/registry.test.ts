import { expect, it } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'

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
  const project = { projectId: 'project', location: 'EU' }
  const bigquery = await openWarehouse({ kind: 'bigquery', settings: project }, environment)
  expect(bigquery.identity).toBe('bigquery:project/eu')
  expect(postgres.identity).toBe('postgres:db.example.com:5432/Engage')
  const redshift = await openWarehouse({ kind: 'redshift', settings }, environment)
  expect(redshift.identity).toBe('redshift:db.example.com:5432/Engage')
})

it('knows Databricks by workspace and catalog, and keeps texts short where they go into statements', async () => {
  const environment = { baseDir: '.', secret: async () => 'secret' }
  const settings = {
    host: 'dbc-1.cloud.databricks.com',
    httpPath: '/sql/1.0/warehouses/1',
    port: 443,
    catalog: 'Main',
    clientId: 'client',
    clientSecretSecretRef: { name: 'warehouse', key: 'secret' },
  }
  const inserting = await openWarehouse({ kind: 'databricks', settings }, environment)
  expect(inserting.identity).toBe('databricks:dbc-1.cloud.databricks.com/main')
  expect(inserting.capabilities.maxTextBytes).toBe(1 << 20)
  const stagingVolume = '/Volumes/main/engageops/staging'
  const copying = await openWarehouse({ kind: 'databricks', settings: { ...settings, stagingVolume } }, environment)
  expect(copying.capabilities.maxTextBytes).toBeUndefined()
})

it('takes Redshift for metered where it is serverless', async () => {
  const environment = { baseDir: '.', secret: async () => 'secret' }
  const isMetered = async (host: string) => {
    const settings = {
      host,
      port: 5439,
      database: 'dev',
      username: 'engageops',
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'VerifyFull' as const,
    }
    return (await openWarehouse({ kind: 'redshift', settings }, environment)).capabilities.metered
  }
  expect(await isMetered('wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com')).toBe(true)
  expect(await isMetered('cluster.abc.eu-west-1.redshift.amazonaws.com')).toBe(false)
})
