import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { type Folder, type FolderOptions, openFolder } from '../../src/local/folder.ts'
import type { LogicalType } from '../../src/model/table.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import type { Place } from '../warehouses/places.ts'

const QUICKSTART = join(import.meta.dirname, '../../examples/quickstart')

/** The quickstart with another warehouse: nothing but the block of its destination differs. */
export class QuickstartPlace implements AsyncDisposable {
  readonly dir: string
  readonly #place: Place

  private constructor(dir: string, place: Place) {
    this.dir = dir
    this.#place = place
  }

  static async at(place: Place): Promise<QuickstartPlace> {
    const dir = await mkdtemp(join(tmpdir(), 'engageops-quickstart-'))
    await cp(QUICKSTART, dir, { recursive: true, filter: (path) => !/\.engageops|\.duckdb/.test(path) })
    const manifest = join(dir, 'warehouse.yaml')
    const destination = parse(await readFile(manifest, 'utf8'))
    const { duckdb: _, ...spec } = destination.spec
    await writeFile(manifest, stringify({ ...destination, spec: { ...spec, ...place.block } }))
    return new QuickstartPlace(dir, place)
  }

  open(options: FolderOptions = {}): Promise<Folder> {
    return openFolder(this.dir, { environment: this.#place.environment, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true })
    await this.#place.stop()
  }
}

export type Content = Record<string, { columns: string[]; rows: (string | null)[][] }>

/** All tables of the space, with their rows in one form whatever the warehouse; `uuid_ts` is the time of loading. */
export async function contentOf({ store, context }: Folder): Promise<Content> {
  const [destination] = await store.destinations()
  if (!destination) throw new Error('no destination')
  const { dialect, connect } = await warehouseFor(context, destination)
  await using session = await connect()
  const { tables } = await session.observe(['engage_default', 'default'])
  const content: Content = {}
  for (const table of tables) {
    const columns = table.columns.filter(({ name }) => name !== 'uuid_ts').sort((a, b) => (a.name < b.name ? -1 : 1))
    const names = columns.map(({ name }) => name)
    const rows = await session.query(`SELECT ${names.map(dialect.quote).join(', ')} FROM ${dialect.table(table)}`)
    content[`${table.schema}.${table.name}`] = {
      columns: names,
      rows: rows
        .map((row) => columns.map(({ name, type }) => neutral(row[name] ?? null, type)))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    }
  }
  return content
}

function neutral(value: string | null, type: LogicalType | undefined): string | null {
  if (value === null) return null
  switch (type) {
    case 'Float':
    case 'Decimal':
      return String(Number(value))
    case 'Timestamp':
      return new Date(value).toISOString()
    case 'Json':
      return JSON.stringify(JSON.parse(value))
    default:
      return value
  }
}
