import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll } from 'vitest'
import { type Activation, activationSpec } from '../../src/model/activation.ts'
import { destinationSpec, type WarehouseDestination } from '../../src/model/destination.ts'
import { type EngageSpace, spaceSpec } from '../../src/model/space.ts'
import type { WarehouseBlock } from '../../src/model/warehouse-block.ts'
import type { Change } from '../../src/plan/change.ts'
import { compileWorkOrder } from '../../src/plan/compile.ts'
import type { WorkOrder } from '../../src/plan/work-order.ts'
import { DirectorySource } from '../../src/sources/directory.ts'
import type { Mirror } from '../../src/sync/mirror.ts'
import type { RunReport } from '../../src/sync/report.ts'
import { type SyncInput, sync } from '../../src/sync/sync.ts'
import type { Warehouse } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { hasPython } from '../tools/python-venv.ts'
import { startBigQuery } from '../warehouses/bigquery-server.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { startRedshift } from '../warehouses/redshift-on-postgres.ts'
import { startSnowflake } from '../warehouses/snowflake-server.ts'

/** The Snowflake of this test file. */
let snowflake: ReturnType<typeof startSnowflake> | undefined
afterAll(async () => (await snowflake)?.stop())

/** The BigQuery of this test file. */
let bigquery: ReturnType<typeof startBigQuery> | undefined
afterAll(async () => (await bigquery)?.stop())

const API = 'engageops.dev/v1alpha1' as const
const metadata = (name: string) => ({
  name,
  namespace: 'default',
  uid: `uid-${name}`,
  creationTimestamp: '2026-01-01T00:00:00Z',
})

/** Specs as people write them: defaults are filled in. */
export interface Manifests {
  space: Record<string, unknown>
  activations: Record<string, Record<string, unknown>>
  destination?: Record<string, unknown>
}

/** A space, a warehouse and a folder of calls in a temporary folder, with the reconcilers left out. */
export class SyncBench {
  readonly root: string
  readonly warehouse: Warehouse
  mirror: Mirror | undefined
  #stop: () => Promise<void> = async () => undefined

  private constructor(root: string, warehouse: Warehouse) {
    this.root = root
    this.warehouse = warehouse
  }

  /** A bench on an empty database of the test run's Postgres. */
  static async onPostgres(): Promise<SyncBench> {
    const server = await startPostgres()
    const settings = {
      host: server.host,
      port: server.port,
      database: await server.createDatabase(),
      username: server.user,
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'Disable' as const,
    }
    const bench = await SyncBench.create({ kind: 'postgres', settings }, server.password)
    bench.#stop = () => server.stop()
    return bench
  }

  /** A bench on an empty database of the stand-in for Redshift. */
  static async onRedshift(): Promise<SyncBench> {
    const server = await startRedshift()
    const settings = {
      host: server.host,
      port: server.port,
      database: await server.createDatabase(),
      username: server.user,
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'Disable' as const,
    }
    const { root, warehouse } = await SyncBench.create({ kind: 'redshift', settings }, server.password)
    // Names of the stand-in have 63 bytes.
    const dialect = { ...warehouse.dialect, identifiers: { ...warehouse.dialect.identifiers, maxBytes: 63 } }
    const bench = new SyncBench(root, { ...warehouse, dialect })
    bench.#stop = () => server.stop()
    return bench
  }

  /** A bench on an empty database of Snowflake. */
  static async onSnowflake(): Promise<SyncBench> {
    snowflake ??= startSnowflake()
    const server = await snowflake
    const root = await mkdtemp(join(tmpdir(), 'engageops-sync-'))
    await mkdir(join(root, 'calls'))
    const settings = await server.createDatabase()
    return new SyncBench(
      root,
      await openWarehouse({ kind: 'snowflake', settings }, { secret: server.secret, baseDir: root }),
    )
  }

  /** A bench on an empty project of the BigQuery emulator. */
  static async onBigQuery(): Promise<SyncBench> {
    bigquery ??= startBigQuery()
    const server = await bigquery
    return await SyncBench.create({ kind: 'bigquery', settings: server.newProject() }, server.key)
  }

  static async create(block?: WarehouseBlock, password = '', memoryLimit?: string): Promise<SyncBench> {
    const root = await mkdtemp(join(tmpdir(), 'engageops-sync-'))
    await mkdir(join(root, 'calls'))
    const settings: WarehouseBlock = block ?? { kind: 'duckdb', settings: { path: 'test.duckdb' } }
    const warehouse = await openWarehouse(settings, {
      secret: async () => password,
      baseDir: root,
      ...(memoryLimit === undefined ? {} : { memoryLimit }),
    })
    return new SyncBench(root, warehouse)
  }

  async remove(): Promise<void> {
    await this.#stop()
    await rm(this.root, { recursive: true, force: true })
  }

  /** Compiles the manifests and makes the tables, without plan and ownership. */
  async prepare(manifests: Manifests): Promise<WorkOrder> {
    const order = this.compile(manifests)
    await using session = await this.warehouse.connect()
    const { dialect } = this.warehouse
    const observed = await session.observe([...new Set(order.tables.map(({ schema }) => schema))])
    const run = async (change: Change) => {
      for (const sql of dialect.change(change)) await session.execute(sql)
    }
    for (const schema of new Set(order.tables.map((table) => table.schema))) await run({ kind: 'CreateSchema', schema })
    for (const table of order.tables) {
      const known = observed.tables.find(({ schema, name }) => schema === table.schema && name === table.name)
      if (!known) await run({ kind: 'CreateTable', table })
      for (const column of table.columns) {
        if (known && !known.columns.some(({ name }) => name === column.name)) {
          await run({ kind: 'AddColumn', table, column })
        }
      }
    }
    return order
  }

  compile({ space, activations, destination }: Manifests): WorkOrder {
    const target: WarehouseDestination = {
      apiVersion: API,
      kind: 'WarehouseDestination',
      metadata: metadata('warehouse'),
      spec: destinationSpec.parse({ duckdb: { path: 'test.duckdb' }, ...destination }),
    }
    const engageSpace: EngageSpace = {
      apiVersion: API,
      kind: 'EngageSpace',
      metadata: metadata('default'),
      spec: spaceSpec.parse({
        name: 'default',
        destinations: [{ name: 'warehouse' }],
        sources: [{ name: 'calls', directory: 'calls' }],
        ...space,
      }),
    }
    const compiled = Object.entries(activations).map(
      ([name, spec]): Activation => ({
        apiVersion: API,
        kind: 'Activation',
        metadata: metadata(name),
        spec: activationSpec.parse({ spaceRef: { name: 'default' }, destinationRef: { name: 'warehouse' }, ...spec }),
      }),
    )
    const { dialect, capabilities } = this.warehouse
    return compileWorkOrder(engageSpace, target, compiled, {
      identifiers: dialect.identifiers,
      maxColumns: capabilities.maxColumns,
      installationId: 'test',
    })
  }

  async write(file: string, calls: readonly (object | string)[]): Promise<void> {
    await this.writeBytes(
      file,
      calls.map((call) => `${typeof call === 'string' ? call : JSON.stringify(call)}\n`).join(''),
    )
  }

  async writeBytes(file: string, content: string | Buffer): Promise<void> {
    const path = join(this.root, 'calls', file)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
  }

  async sync(order: WorkOrder, more: Partial<SyncInput> = {}): Promise<RunReport> {
    await using source = new DirectorySource('calls', join(this.root, 'calls'))
    return await sync({
      order,
      warehouse: this.warehouse,
      sources: [source],
      mirror: {
        read: async () => this.mirror,
        write: async (_scope, mirror) => {
          this.mirror = mirror
        },
      },
      tempDir: this.root,
      holder: 'test',
      ...more,
    })
  }

  /** Changes a table as a person might. */
  async change(change: Change): Promise<void> {
    await using session = await this.warehouse.connect()
    for (const sql of this.warehouse.dialect.change(change)) await session.execute(sql)
  }

  async query(sql: string): Promise<Row[]> {
    await using session = await this.warehouse.connect()
    return await session.query(sql)
  }

  /** The rows of a table, by their first column, each without its `uuid_ts` and its NULLs. */
  async rows(table: string, ...columns: string[]): Promise<Row[]> {
    const list = columns.map((column) => this.warehouse.dialect.quote(column)).join(', ') || '*'
    const rows = await this.query(`SELECT ${list} FROM ${table} ORDER BY 1`)
    return rows.map((row) =>
      Object.fromEntries(Object.entries(row).filter(([name, value]) => value !== null && name !== 'uuid_ts')),
    )
  }

  /** The tables of a schema, each with the SQL types of its columns. */
  async tables(schema: string): Promise<Record<string, Record<string, string>>> {
    await using session = await this.warehouse.connect()
    const { tables } = await session.observe([schema])
    return Object.fromEntries(
      tables
        .toSorted((a, b) => (a.name < b.name ? -1 : 1))
        .map(({ name, columns }) => [name, Object.fromEntries(columns.map((column) => [column.name, column.sqlType]))]),
    )
  }

  /** What went to discards: rows without the raw call, by place. */
  discards(): Promise<Row[]> {
    return this.query(
      'SELECT object, line, position, table_name, column_name, reason, value, row_id FROM engageops.discards ORDER BY object, position, table_name, column_name',
    )
  }
}

export type Row = Record<string, string | null>

const hasEmulators = hasPython() || process.env.ENGAGEOPS_CI_REQUIRE_ALL !== undefined

/** The warehouses that every behaviour of a sync is tested on; warehouses/snowflake.test.ts says where there is none. */
export const WAREHOUSES: readonly { name: string; open: () => Promise<SyncBench> }[] = [
  { name: 'DuckDB', open: () => SyncBench.create() },
  { name: 'Postgres', open: () => SyncBench.onPostgres() },
  { name: 'Redshift', open: () => SyncBench.onRedshift() },
  ...(hasEmulators ? [{ name: 'Snowflake', open: () => SyncBench.onSnowflake() }] : []),
]

/**
 * BigQuery, for tests of what matters most: its emulator takes a tenth of a second for every statement, and every
 * behaviour would take ten minutes. It has them all: whoever changes the syncs can put it into WAREHOUSES for a run.
 */
export const BIGQUERY: typeof WAREHOUSES = hasEmulators
  ? [{ name: 'BigQuery', open: () => SyncBench.onBigQuery() }]
  : []
