import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { renderTable } from '../src/cli/table.ts'
import { STANDALONE } from '../test/warehouses/standalone.ts'
import { measure } from './measure.ts'
import type { Step } from './sync-step.ts'
import { writeCalls } from './workload.ts'

/**
 * Loads the same calls into the test server of each warehouse, on the way that it takes in earnest, beside DuckDB in the
 * same run: `npm run bench:warehouses -- --calls 200000 --warehouse snowflake`. Seconds are the test server's, which
 * is no warehouse; the memory is ours.
 */
const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '200000' },
    properties: { type: 'string', default: '20' },
    warehouse: { type: 'string', multiple: true, default: ['snowflake', 'databricks', 'bigquery'] },
  },
})
const calls = Number(values.calls)
const root = mkdtempSync(join(tmpdir(), 'engageops-bench-'))

try {
  mkdirSync(join(root, 'calls'))
  writeCalls(join(root, 'calls', 'calls.ndjson'), calls, Number(values.properties))
  const rows: string[][] = []
  let baseline: number | undefined
  for (const name of ['duckdb', ...values.warehouse]) {
    const start = STANDALONE[name]
    if (!start) throw new Error(`${name} has no test server here: write ${Object.keys(STANDALONE).join(', ')}`)
    const { block, secrets, stop } = await start()
    try {
      const input: Step = { step: 'sync', directory: root, memoryLimit: '128MB', block, secrets }
      const found = await measure(join(import.meta.dirname, 'sync-step.ts'), [JSON.stringify(input)])
      baseline ??= found.seconds
      rows.push([
        name,
        found.seconds.toFixed(1),
        `${Math.round(calls / found.seconds)}`,
        found.cpuSeconds.toFixed(1),
        found.peakMiB.toFixed(0),
        (baseline / found.seconds).toFixed(2),
      ])
      process.stderr.write(`${rows.at(-1)?.join(' ')}\n`)
    } finally {
      await stop()
    }
  }
  process.stdout.write(`${calls} calls; ${cpus().length} x ${cpus()[0]?.model}, shared with the test server\n`)
  process.stdout.write(renderTable(['warehouse', 'seconds', 'calls/s', 'cpu s', 'peak MiB', 'ratio'], rows))
} finally {
  rmSync(root, { recursive: true, force: true })
}
