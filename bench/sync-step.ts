import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCall } from '../src/engage/parse-call.ts'
import type { WarehouseBlock } from '../src/model/warehouse-block.ts'
import { DirectorySource } from '../src/sources/directory.ts'
import { LineSplitter } from '../src/sync/lines.ts'
import { sync } from '../src/sync/sync.ts'
import { openWarehouse } from '../src/warehouses/registry.ts'
import { loadWithDuckDb } from './duckdb-baseline.ts'
import { report } from './measure.ts'
import { exportRows, loadWithCopy } from './postgres-baseline.ts'
import { orderFor } from './workload.ts'

/** One step of bench:sync, in a process of its own. The rest of the arguments is JSON: see bench/sync.ts. */
export interface Step {
  step: 'parse' | 'sync' | 'duckdb-baseline' | 'postgres-export' | 'postgres-baseline'
  /** Folder with `calls/calls.ndjson`; other files of the run are put here. */
  directory: string
  memoryLimit: string
  block: WarehouseBlock
  /** What the block's references stand for, by their keys. */
  secrets: Readonly<Record<string, string>>
}

const { step, directory, memoryLimit, block, secrets }: Step = JSON.parse(process.argv[2] ?? '{}')
const calls = join(directory, 'calls')
const client = () => {
  if (block.kind !== 'postgres') throw new TypeError(`${step} needs Postgres`)
  const { host, port, database, username } = block.settings
  return { host, port, database, user: username, password: secrets.password }
}
const start = performance.now()
const elapsed = () => (performance.now() - start) / 1000

switch (step) {
  case 'parse': {
    await using source = new DirectorySource('calls', calls)
    let count = 0
    for (const object of await source.list()) {
      const lines = new LineSplitter(0)
      for await (const piece of source.open(object, 0)) {
        lines.push(piece, (bytes) => {
          if ('call' in parseCall(bytes.toString())) count++
        })
      }
    }
    report(elapsed(), `${count} calls`)
    break
  }
  case 'sync': {
    const warehouse = await openWarehouse(block, {
      secret: async ({ key }) => secrets[key] ?? '',
      baseDir: directory,
      memoryLimit,
    })
    const order = orderFor(warehouse, block)
    {
      await using session = await warehouse.connect()
      for (const schema of new Set(order.tables.map((table) => table.schema))) {
        for (const sql of warehouse.dialect.change({ kind: 'CreateSchema', schema })) await session.execute(sql)
      }
      for (const table of order.tables) {
        for (const sql of warehouse.dialect.change({ kind: 'CreateTable', table })) await session.execute(sql)
      }
    }
    await using source = new DirectorySource('calls', calls)
    const begin = performance.now()
    const { status, rows, notices, error } = await sync({
      order,
      warehouse,
      sources: [source],
      mirror: { read: async () => undefined, write: async () => undefined },
      tempDir: directory,
      holder: 'bench',
    })
    if (status !== 'Success') throw new Error(JSON.stringify(error ?? notices))
    report((performance.now() - begin) / 1000, `${rows} rows`)
    break
  }
  case 'duckdb-baseline':
    await loadWithDuckDb(join(calls, 'calls.ndjson'), join(directory, 'baseline.duckdb'), memoryLimit)
    report(elapsed(), '')
    break
  case 'postgres-export':
    writeFileSync(join(directory, 'tables.json'), JSON.stringify(await exportRows(client(), directory)))
    report(elapsed(), '')
    break
  case 'postgres-baseline': {
    const statements: string[] = JSON.parse(readFileSync(join(directory, 'tables.json'), 'utf8'))
    report(await loadWithCopy(client(), directory, statements), '')
    break
  }
}
