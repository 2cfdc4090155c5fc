import type { WarehouseBlock } from '../../src/model/warehouse-block.ts'
import { startBigQuery } from './bigquery-server.ts'
import { Gateway } from './databricks/gateway.ts'
import { startSpark } from './databricks/spark.ts'
import { startSnowflake } from './snowflake-server.ts'

/** An empty warehouse on a test server of its own. */
export interface Standalone {
  block: WarehouseBlock
  /** What the block's references stand for, by their keys. */
  secrets: Readonly<Record<string, string>>
  stop(): Promise<void>
}

/** Warehouses that can be started outside of a test run, by name. */
export const STANDALONE: Readonly<Record<string, () => Promise<Standalone>>> = {
  duckdb: async () => ({
    block: { kind: 'duckdb', settings: { path: 'warehouse.duckdb' } },
    secrets: {},
    stop: async () => undefined,
  }),
  snowflake: async () => {
    const server = await startSnowflake()
    const settings = await server.createDatabase()
    const key = await server.secret({ name: 'warehouse', key: 'key' })
    return { block: { kind: 'snowflake', settings }, secrets: { key }, stop: () => server.stop() }
  },
  bigquery: async () => {
    const server = await startBigQuery()
    const settings = server.newProject()
    const { key = '' } = settings.serviceAccountSecretRef ?? {}
    return { block: { kind: 'bigquery', settings }, secrets: { [key]: server.key }, stop: () => server.stop() }
  },
  databricks: async () => {
    const spark = await startSpark()
    const gateway = await Gateway.start(spark.port)
    const { port, httpPath, catalog, clientId, volume: stagingVolume } = gateway
    const clientSecretSecretRef = { name: 'warehouse', key: 'secret' }
    const caSecretRef = { name: 'warehouse', key: 'ca' }
    const settings = {
      host: 'localhost',
      port,
      httpPath,
      catalog,
      clientId,
      clientSecretSecretRef,
      caSecretRef,
      stagingVolume,
    }
    return {
      block: { kind: 'databricks', settings },
      secrets: { secret: gateway.clientSecret, ca: gateway.ca },
      stop: async () => {
        await gateway.stop()
        await spark.stop()
      },
    }
  },
}
