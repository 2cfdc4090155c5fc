import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parse, stringify } from 'yaml'
import { plainDecimal } from '../../src/engage/decimal.ts'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { type Folder, type FolderOptions, openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import type { LogicalType } from '../../src/model/table.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import type { Place } from './places.ts'

const QUICKSTART = path.join(import.meta.dirname, '../../examples/quickstart')

export type Tables = Record<string, Record<string, string | null>[]>

/** The quickstart in a temporary folder, at a place: nothing but the block of its destination differs. */
export class Quickstart implements AsyncDisposable {
  readonly #dir: string
  readonly #place: Place
  readonly #options: FolderOptions

  private constructor(dir: string, place: Place, options: FolderOptions) {
    this.#dir = dir
    this.#place = place
    this.#options = options
  }

  /** `options` are those of every command, unless it gets others. */
  static async at(place: Place, options: FolderOptions = {}): Promise<Quickstart> {
    const dir = await mkdtemp(path.join(tmpdir(), 'engageops-quickstart-'))
    await cp(QUICKSTART, dir, { recursive: true, filter: (file) => !/\.engageops|\.duckdb/.test(file) })
    const manifest = path.join(dir, 'warehouse.yaml')
    const destination = parse(await readFile(manifest, 'utf8'))
    const { duckdb: _, ...spec } = destination.spec
    await writeFile(manifest, stringify({ ...destination, spec: { ...spec, ...place.block } }))
    return new Quickstart(dir, place, options)
  }

  /** As a command of its own finds it: nothing is remembered but what is in files. */
  open(options: FolderOptions = {}): Promise<Folder> {
    return openFolder(this.#dir, { environment: this.#place.environment, ...this.#options, ...options })
  }

  async apply(options?: FolderOptions): Promise<void> {
    const { problems } = await applyFolder(await this.open(options))
    if (problems.length > 0) throw new Error(JSON.stringify(problems))
  }

  async sync(options?: FolderOptions): Promise<void> {
    const { problems, runs } = await syncFolder(await this.open(options))
    const failed = runs.filter(({ status }) => status !== 'Success')
    if (problems.length > 0 || failed.length > 0) throw new Error(JSON.stringify({ problems, failed }))
  }

  /** Every table of the space, its rows in one form whatever the warehouse, but for `uuid_ts`, the time of loading. */
  async tables(): Promise<Tables> {
    const { context, store } = await this.open()
    const [destination] = await store.destinations()
    if (!destination) throw new Error('the quickstart has no WarehouseDestination')
    const { dialect, connect } = await warehouseFor(context, destination)
    await using session = await connect()
    const { tables } = await session.observe(['engage_default', 'default'])
    const found: Tables = {}
    for (const table of tables) {
      const columns = table.columns.filter(({ name }) => name !== 'uuid_ts').sort((a, b) => (a.name < b.name ? -1 : 1))
      const names = columns.map(({ name }) => dialect.quote(name))
      const rows = await session.query(`SELECT ${names.join(', ')} FROM ${dialect.table(table)}`)
      found[`${table.schema}.${table.name}`] = rows
        .map((row) => Object.fromEntries(columns.map(({ name, type }) => [name, neutral(row[name] ?? null, type)])))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#dir, { recursive: true, force: true })
    await this.#place.stop()
  }
}

/** Numbers as their shortest text, and JSON without white space. */
function neutral(value: string | null, type: LogicalType | undefined): string | null {
  if (value === null) return null
  switch (type) {
    case 'Float':
    case 'Decimal':
      return plainDecimal(value) ?? value
    case 'Json':
      return JSON.stringify(JSON.parse(value))
    default:
      return value
  }
}
