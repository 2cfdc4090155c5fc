import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'
import { startPostgres } from './postgres-server.ts'

describeWarehouse('Postgres', async () => {
  const server = await startPostgres()
  const settings = {
    host: server.host,
    port: server.port,
    database: await server.createDatabase(),
    username: server.user,
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'Disable' as const,
  }
  return {
    warehouse: await openWarehouse(
      { kind: 'postgres', settings },
      { baseDir: '.', secret: async () => server.password },
    ),
    tearDown: () => server.stop(),
  }
})
