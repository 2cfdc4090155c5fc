import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CALL_KINDS, generateCalls } from '../../src/engage/generate.ts'
import { Random } from '../../src/engage/random.ts'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { type Folder, openFolder } from '../../src/local/folder.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { startRedshift } from '../warehouses/redshift-on-postgres.ts'

/** Fewer where syncs take longer. */
const KILLS = { duckdb: 20, postgres: 20, redshift: 5 } as const
const CALLS = 12_000
const STEP = join(import.meta.dirname, 'sync-step.ts')

let root: string
let postgres: Awaited<ReturnType<typeof startPostgres>>
let redshift: Awaited<ReturnType<typeof startRedshift>>
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'engageops-kill-'))
  postgres = await startPostgres()
  redshift = await startRedshift()
  await writeCalls(join(root, 'calls'))
})
afterAll(async () => {
  await postgres.stop()
  await redshift.stop()
  await rm(root, { recursive: true, force: true })
})

/** Calls in files of both kinds, a tenth of them twice: once more in another file. */
async function writeCalls(dir: string): Promise<void> {
  await mkdir(dir)
  const start = new Date('2026-01-01T00:00:00Z')
  const calls = [...generateCalls({ seed: 7, count: CALLS, users: 500, properties: 6, kinds: CALL_KINDS, start })]
  const lines = (from: number, to: number) =>
    calls
      .slice(from * CALLS, to * CALLS)
      .map((call) => `${call}\n`)
      .join('')
  await writeFile(join(dir, 'a.ndjson'), lines(0, 0.4))
  await writeFile(join(dir, 'b.ndjson.gz'), gzipSync(lines(0.3, 0.7)))
  await writeFile(join(dir, 'c.ndjson'), lines(0.7, 1))
}

/** A folder with the quickstart's kind of space on a new database, applied. */
async function newFolder(kind: keyof typeof KILLS): Promise<Folder> {
  const dir = await mkdtemp(join(root, `${kind}-`))
  const block =
    kind === 'duckdb'
      ? 'duckdb: { path: warehouse.duckdb }'
      : `${kind}: ${await connectionTo(kind === 'postgres' ? postgres : redshift)}`
  await writeFile(join(dir, 'all.yaml'), manifests(block))
  await cp(join(root, 'calls'), join(dir, 'calls'), { recursive: true })
  const folder = await openFolder(dir, { environment: { ENGAGEOPS_SECRET_PG_PASSWORD: postgres.password } })
  expect((await applyFolder(folder)).problems).toEqual([])
  return folder
}

/** A new database of a server, as a manifest names it. */
const connectionTo = async ({ host, port, user, createDatabase }: typeof postgres | typeof redshift) =>
  `{ host: ${host}, port: ${port}, database: ${await createDatabase()}, username: ${user}, sslMode: Disable, passwordSecretRef: { name: pg, key: password } }`

const manifests = (block: string) => `
apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata: { name: warehouse }
spec: { ${block} }
---
apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata: { name: default }
spec:
  name: default
  destinations: [{ name: warehouse }]
  sources: [{ name: calls, directory: calls }]
  audiences: [{ key: first_time_shopper }, { key: abandoned_carts, type: Linked }]
  computedTraits: [{ key: total_revenue_180_days, type: Float }]
  journeys: [{ key: welcome_series }]
${[
  activation('shopper', 'audience: first_time_shopper', 'classic: {}'),
  activation('revenue', 'computedTrait: total_revenue_180_days', 'classic: {}'),
  activation(
    'carts',
    'audience: abandoned_carts',
    'storageActions: { table: carts, triggers: [AudienceEntered, AudienceExited, EntityAdded, EntityRemoved] }',
  ),
  activation('welcome', 'journey: welcome_series', 'storageActions: { table: steps, triggers: [JourneyStepEntered] }'),
].join('')}`

function activation(name: string, computation: string, storage: string): string {
  return `---
apiVersion: engageops.dev/v1alpha1
kind: Activation
metadata: { name: ${name} }
spec:
  spaceRef: { name: default }
  destinationRef: { name: warehouse }
  computation: { ${computation} }
  ${storage}
`
}

/** Starts a sync in a process of its own; `killAfter` is in milliseconds from when it begins to work. */
async function syncProcess(dir: string, killAfter?: number): Promise<{ killed: boolean; milliseconds: number }> {
  const child = spawn(process.execPath, [STEP, dir], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ENGAGEOPS_SECRET_PG_PASSWORD: postgres.password },
  })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let errors = ''
  child.stderr.on('data', (data: Buffer) => {
    errors += data.toString()
  })
  await once(child.stdout, 'data')
  const start = performance.now()
  if (killAfter !== undefined) {
    await Promise.race([sleep(killAfter), closed])
    child.kill('SIGKILL')
  }
  const [code, signal] = await closed
  if (signal === null && code !== 0) throw new Error(`the sync failed: ${errors}`)
  return { killed: signal === 'SIGKILL', milliseconds: performance.now() - start }
}

/** All rows that people see, by table, without the time at which they were loaded. */
async function contentOf({ store, context }: Folder): Promise<Record<string, Record<string, string | null>[]>> {
  const [destination] = await store.destinations()
  if (!destination) throw new Error('no destination')
  const { dialect, connect } = await warehouseFor(context, destination)
  await using session = await connect()
  const { tables } = await session.observe(['engage_default', 'default'])
  const content: Record<string, Record<string, string | null>[]> = {}
  for (const table of tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const columns = table.columns
      .map(({ name }) => name)
      .filter((name) => name !== 'uuid_ts')
      .sort()
    const list = columns.map(dialect.quote).join(', ')
    content[table.name] = await session.query(`SELECT ${list} FROM ${dialect.table(table)} ORDER BY id`)
  }
  return content
}

describe.each(['duckdb', 'postgres', 'redshift'] as const)('%s', (kind) => {
  test(`a sync that is killed ${KILLS[kind]} times ends as one that was not`, { timeout: 300_000 }, async () => {
    const undisturbed = await newFolder(kind)
    const { milliseconds } = await syncProcess(undisturbed.dir)
    const expected = await contentOf(undisturbed)
    expect(Object.values(expected).reduce((sum, rows) => sum + rows.length, 0)).toBeGreaterThan(CALLS)

    const random = new Random(1)
    for (let kills = 0; kills < KILLS[kind]; ) {
      const folder = await newFolder(kind)
      for (;;) {
        const { killed } = await syncProcess(folder.dir, milliseconds * (0.05 + 0.6 * (random.below(1000) / 1000)))
        if (!killed) break
        kills++
        if (kills >= KILLS[kind]) break
      }
      await syncProcess(folder.dir)
      expect(await contentOf(folder)).toEqual(expected)
    }
  })
})
