import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'
import { startRedshift } from './redshift-on-postgres.ts'

const gaps = { 'takes a name of the longest length as it is': 'names of Postgres have 63 bytes' }

describeWarehouse(
  'Redshift',
  async () => {
    const server = await startRedshift()
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
        { kind: 'redshift', settings },
        { baseDir: '.', secret: async () => server.password },
      ),
      tearDown: () => server.stop(),
    }
  },
  gaps,
)
