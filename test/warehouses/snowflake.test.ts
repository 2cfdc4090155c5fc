import { vi } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'
import { describeOnSnowflake } from './snowflake-server.ts'

// The emulator translates every statement: a merge takes it a twentieth of a second, more where cores are busy.
vi.setConfig({ testTimeout: 120_000 })

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
