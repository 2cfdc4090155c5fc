import { vi } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeOnBigQuery } from './bigquery-server.ts'
import { describeWarehouse } from './conformance.ts'

// The emulator takes a tenth of a second for every statement, and more while other tests run beside it.
vi.setConfig({ testTimeout: 600_000 })

describeOnBigQuery('on the emulator', (server) => {
  describeWarehouse('BigQuery', async () => ({
    warehouse: await openWarehouse(
      { kind: 'bigquery', settings: server().newProject() },
      { baseDir: '.', secret: async () => server().key },
    ),
    slow: 3,
    names: { objects: /^[a-z][a-z0-9_]*$/, columns: /^[a-z][a-z0-9_]*$/ },
    tearDown: async () => undefined,
  }))
})
