import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { describeWarehouse } from './conformance.ts'

describeWarehouse('DuckDB', async () => {
  const baseDir = await mkdtemp(path.join(tmpdir(), 'engageops-'))
  return {
    warehouse: await openWarehouse(
      { kind: 'duckdb', settings: { path: 'data/engage.duckdb' } },
      {
        baseDir,
        secret: () => Promise.reject(new Error('DuckDB needs no secret')),
      },
    ),
    tearDown: () => rm(baseDir, { recursive: true }),
  }
})
