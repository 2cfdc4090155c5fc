import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'
import { describeOnSnowflake } from './snowflake-server.ts'

describeOnSnowflake('on the emulator', (server) => {
  describeWarehouse('Snowflake', async () => {
    const { createDatabase, secret } = server()
    const settings = await createDatabase()
    return {
      warehouse: await openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret }),
      tearDown: async () => undefined,
    }
  })
})
