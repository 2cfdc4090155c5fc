import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { plainDecimal } from '../../src/engage/decimal.ts'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import type { Warehouse } from '../../src/warehouses/port.ts'

type Tables = Record<string, Record<string, string | null>[]>

/** The folder of examples/quickstart with another destination block, in a temporary folder. */
export class Quickstart {
  readonly #dir: string
  readonly #warehouse: Warehouse | undefined

  private constructor(dir: string, warehouse: Warehouse | undefined) {
    this.#dir = dir
    this.#warehouse = warehouse
  }

  /** `block` is YAML. The warehouse is that of the block, unless given. */
  static async create(block: string, warehouse?: Warehouse): Promise<Quickstart> {
    const dir = await mkdtemp(path.join(tmpdir(), 'engageops-quickstart-'))
    await cp(path.join(import.meta.dirname, '../../examples/quickstart'), dir, {
      recursive: true,
      filter: (file) => !/\.engageops|\.duckdb/.test(file),
    })
    const destination = `apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata: { name: warehouse }
spec:
  ${block}
`
    await writeFile(path.join(dir, 'warehouse.yaml'), destination)
    return new Quickstart(dir, warehouse)
  }

  async apply(): Promise<void> {
    const { problems } = await applyFolder(await this.#open(this.#warehouse))
    if (problems.length > 0) throw new Error(JSON.stringify(problems))
  }

  /** A sync in a process of its own, so to say: nothing is remembered from one to the next but what is in files. */
  async sync(warehouse = this.#warehouse): Promise<void> {
    const { problems, runs } = await syncFolder(await this.#open(warehouse))
    const failed = runs.filter(({ status }) => status !== 'Success')
    if (problems.length > 0 || failed.length > 0) throw new Error(JSON.stringify({ problems, failed }))
  }

  /** Every table of the space's schemas: its rows without `uuid_ts`, numbers as their shortest text. */
  async tables(warehouse = this.#warehouse): Promise<Tables> {
    const { context, store } = await this.#open(warehouse)
    const [destination] = await store.destinations()
    if (!destination) throw new Error('the quickstart has no WarehouseDestination')
    const { dialect, connect } = warehouse ?? (await warehouseFor(context, destination))
    await using session = await connect()
    const { tables } = await session.observe(['engage_default', 'default'])
    const found: Tables = {}
    for (const { schema, name, columns } of tables.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const names = columns.map((column) => column.name).filter((column) => column !== 'uuid_ts')
      const rows = await session.query(
        `SELECT ${names.map(dialect.quote).join(', ')} FROM ${dialect.table({ schema, name })}`,
      )
      const numbers = new Set(
        columns.filter(({ type }) => type === 'Decimal' || type === 'Float').map((column) => column.name),
      )
      found[`${schema}.${name}`] = rows
        .map((row) =>
          Object.fromEntries(
            names.toSorted().map((column) => [column, shortest(row[column] ?? null, numbers.has(column))]),
          ),
        )
        .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
    }
    return found
  }

  remove(): Promise<void> {
    return rm(this.#dir, { recursive: true })
  }

  #open(warehouse: Warehouse | undefined) {
    return openFolder(this.#dir, warehouse ? { openWarehouse: async () => warehouse } : {})
  }
}

const shortest = (value: string | null, isNumber: boolean): string | null =>
  value !== null && isNumber ? (plainDecimal(value) ?? value) : value
