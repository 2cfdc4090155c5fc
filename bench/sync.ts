import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Client } from 'pg'
import { renderTable } from '../src/cli/table.ts'
import type { WarehouseBlock } from '../src/model/warehouse-block.ts'
import { type Measurement, measure } from './measure.ts'
import { withPostgres } from './postgres-server.ts'
import type { Step } from './sync-step.ts'
import { writeCalls } from './workload.ts'

/**
 * Loads made-up calls (identify and track, 20 properties) with `sync`, and what each database does by itself with the
 * same rows, in the same run: `npm run bench:sync -- --calls 1000000 --warehouse duckdb --warehouse postgres`.
 */
const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '1000000' },
    properties: { type: 'string', default: '20' },
    warehouse: { type: 'string', multiple: true, default: ['duckdb', 'postgres'] },
    memory: { type: 'string', default: '128MB' },
    rounds: { type: 'string', default: '1' },
  },
})
const calls = Number(values.calls)
/** DuckDB cannot read JSON with much less, and its users need the more the more there are. */
const BASELINE_MEMORY = calls > 1_000_000 ? '2GB' : '400MB'
const script = join(import.meta.dirname, 'sync-step.ts')
const root = mkdtempSync(join(tmpdir(), 'engageops-bench-'))
const rows: string[][] = []

try {
  mkdirSync(join(root, 'calls'))
  const file = join(root, 'calls', 'calls.ndjson')
  writeCalls(file, calls, Number(values.properties))
  const [cpu] = cpus()
  process.stdout.write(
    `${calls} calls, ${Math.round(statSync(file).size / 2 ** 20)} MiB; ${cpus().length} x ${cpu?.model}, ${Math.round(totalmem() / 2 ** 30)} GiB\n`,
  )
  const nowhere: WarehouseBlock = { kind: 'duckdb', settings: { path: 'none.duckdb' } }
  show('parse the calls only', await run('parse', nowhere))
  for (let round = 0; round < Number(values.rounds); round++) {
    if (values.warehouse.includes('duckdb')) await benchDuckDb(round)
    if (values.warehouse.includes('postgres')) await benchPostgres()
  }
  process.stdout.write(renderTable(['step', 'seconds', 'calls/s', 'cpu s', 'peak MiB', 'ratio'], rows))
} finally {
  rmSync(root, { recursive: true, force: true })
}

async function benchDuckDb(round: number): Promise<void> {
  const baseline = await run('duckdb-baseline', { kind: 'duckdb', settings: { path: 'baseline.duckdb' } })
  show('DuckDB by itself (read_json, anti-join)', baseline)
  rmSync(join(root, 'baseline.duckdb'))
  const ours = await run('sync', { kind: 'duckdb', settings: { path: `sync-${round}.duckdb` } })
  show('engageops sync to DuckDB', ours, baseline)
  rmSync(join(root, `sync-${round}.duckdb`))
}

async function benchPostgres(): Promise<void> {
  await withPostgres(async ({ host, port, user, password }) => {
    const client = new Client({ host, port, user, password, database: 'postgres' })
    await client.connect()
    const blockOf = (database: string): WarehouseBlock => ({
      kind: 'postgres',
      settings: {
        host,
        port,
        database,
        username: user,
        sslMode: 'Disable',
        passwordSecretRef: { name: 'warehouse', key: 'password' },
      },
    })
    await client.query('CREATE DATABASE ours')
    const ours = await run('sync', blockOf('ours'), { password })
    await run('postgres-export', blockOf('ours'), { password })
    await client.query('DROP DATABASE ours WITH (FORCE)')
    await client.query('CREATE DATABASE baseline')
    await client.query('CHECKPOINT')
    const baseline = await run('postgres-baseline', blockOf('baseline'), { password })
    await client.end()
    show('Postgres by itself (COPY, ON CONFLICT of final rows)', baseline)
    show('engageops sync to Postgres', ours, baseline)
  })
}

function run(step: Step['step'], block: WarehouseBlock, secrets: Step['secrets'] = {}): Promise<Measurement> {
  const memoryLimit = step === 'duckdb-baseline' ? BASELINE_MEMORY : values.memory
  const input: Step = { step, directory: root, memoryLimit, block, secrets }
  return measure(script, [JSON.stringify(input)])
}

/** The ratio is of speeds: 1 is as fast as the database by itself. */
function show(name: string, { seconds, cpuSeconds, peakMiB }: Measurement, baseline?: Measurement): void {
  rows.push([
    name,
    seconds.toFixed(1),
    `${Math.round(calls / seconds / 1000)}k`,
    cpuSeconds.toFixed(1),
    peakMiB.toFixed(0),
    baseline ? (baseline.seconds / seconds).toFixed(2) : '',
  ])
}
