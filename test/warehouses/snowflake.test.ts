import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'
import { startSnowflake } from './snowflake-server.ts'

describeWarehouse('Snowflake', async () => {
  const server = await startSnowflake()
  const settings = await server.createDatabase()
  return {
    warehouse: await openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret: server.secret }),
    tearDown: () => server.stop(),
  }
})
