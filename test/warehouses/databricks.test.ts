import { vi } from 'vitest'
import { describeWarehouse } from './conformance.ts'
import { describeOnSpark, startDatabricks } from './databricks-server.ts'

// A statement that changes a table takes Spark a second or more, and some cases have a hundred of them.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 })

describeOnSpark('on Spark', () => {
  describeWarehouse('Databricks', async () => {
    const server = await startDatabricks()
    return {
      warehouse: await server.warehouse(),
      // What Unity Catalog takes, less what only the metastore of this Spark refuses.
      names: { objects: /^[a-z0-9_]+$/ },
      slow: 20,
      tearDown: () => server.gateway.stop(),
    }
  })
})
