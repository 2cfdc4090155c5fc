import { randomUUID } from 'node:crypto'
import { destination, type Manifest, type PostgresAddress } from '../manifests.ts'
import { WatchedDatabase } from '../watched-database.ts'
import type { Warehouse } from './declared.ts'
import type { Tables } from './expected.ts'
import { type HandWork, pick } from './steps.ts'

/** What people make is named so, that it can be told from what the operator makes. */
const BY_HAND = 'hand_'

/** A database as a person and its administrator know it, with a login for the operator. */
export class WarehouseByHand implements AsyncDisposable {
  readonly name: Warehouse
  readonly database: WatchedDatabase
  readonly #role = `test_${randomUUID().replaceAll('-', '')}`
  password: string = randomUUID()
  #made = 0

  private constructor(name: Warehouse, database: WatchedDatabase) {
    this.name = name
    this.database = database
  }

  static async create(name: Warehouse): Promise<WarehouseByHand> {
    const it = new WarehouseByHand(name, await WatchedDatabase.create())
    // With all rights: it is the operator's doing that nothing is touched, and not Postgres'.
    await it.database.query(`CREATE ROLE ${it.#role} SUPERUSER LOGIN PASSWORD '${it.password}'`)
    return it
  }

  /** Its destination; tables are looked at only when a test says so. */
  manifest(namespace: string): Manifest {
    const address: PostgresAddress = this.database.address
    const passwordSecretRef = { name: this.name, key: 'password' }
    const postgres = { ...address, username: this.#role, passwordSecretRef, sslMode: 'Disable' }
    return destination(
      namespace,
      address,
      { postgres, probeInterval: '1h', driftPolicy: { interval: '1h' } },
      this.name,
    )
  }

  async setPassword(password: string): Promise<void> {
    await this.database.query(`ALTER ROLE ${this.#role} PASSWORD '${password}'`)
    this.password = password
  }

  /** Does what a person would do to one of the tables, or nothing where there is none that fits. */
  async work({ hand, table: number, column: which }: HandWork): Promise<void> {
    const tables = await this.tables()
    const table = pick(
      [...tables.keys()].filter((id) => !id.includes(`.${BY_HAND}`)),
      number,
    )
    if (table === undefined) return
    const [schema = '', name = ''] = table.split(' ')[1]?.split('.') ?? []
    this.#made += 1
    const fresh = `${BY_HAND}${this.#made}`
    const place = `"${schema}"."${name}"`
    switch (hand) {
      case 'DropColumn': {
        const columns = [...(tables.get(table)?.keys() ?? [])].filter((it) => it !== 'id' && !it.startsWith(BY_HAND))
        await this.database.query(`ALTER TABLE ${place} DROP COLUMN "${pick(columns, which)}"`)
        return
      }
      case 'RenameTable':
        await this.database.query(`ALTER TABLE ${place} RENAME TO ${fresh}`)
        return
      case 'AddColumn':
        await this.database.query(`ALTER TABLE ${place} ADD COLUMN ${fresh} text DEFAULT 'by hand'`)
        return
      case 'AddRow':
        await this.database.query(`INSERT INTO ${place} (id) VALUES ('${randomUUID()}')`)
        return
      case 'MakeTable':
        await this.database.query(
          `CREATE TABLE "${schema}".${fresh} AS SELECT n, md5(n::text) AS text, n / 7.0 AS number FROM generate_series(1, 50) n`,
        )
    }
  }

  /** All tables but those of the ledger, with the types of their columns. */
  async tables(): Promise<Tables> {
    const rows = await this.database.query(
      `SELECT table_schema || '.' || table_name AS name, json_object_agg(column_name, data_type) AS columns
       FROM information_schema.columns
       WHERE table_schema NOT IN ('pg_catalog', 'information_schema', 'engageops', 'watch') GROUP BY 1`,
    )
    return new Map(
      rows.map(({ name, columns }) => [
        `${this.name} ${name}`,
        new Map(Object.entries(columns as Record<string, string>)),
      ]),
    )
  }

  /** What people have put there, by table: rows and columns of theirs, as one hash. */
  async content(): Promise<Map<string, string>> {
    const found = new Map<string, string>()
    for (const [id, columns] of await this.tables()) {
      const [schema, name] = id.split(' ')[1]?.split('.') ?? []
      const isTheirs = name?.startsWith(BY_HAND)
      const kept = [...columns.keys()]
        .filter((column) => isTheirs || column === 'id' || column.startsWith(BY_HAND))
        .sort()
      const row = `ROW(${kept.map((column) => `"${column}"`).join(', ')})::text`
      const [hash] = await this.database.query(
        `SELECT md5(coalesce(string_agg(${row}, E'\\n' ORDER BY ${row}), '')) AS hash FROM "${schema}"."${name}"`,
      )
      found.set(id, `${kept} ${hash?.hash}`)
    }
    return found
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database.query(`DROP OWNED BY ${this.#role} CASCADE`)
    await this.database.query(`DROP ROLE ${this.#role}`)
    await this.database[Symbol.asyncDispose]()
  }
}

export const isByHand = (table: string): boolean => table.includes(`.${BY_HAND}`)
