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

  /** Does what a person would do to one of the tables, if there is any; returns the statement. */
  async work(work: HandWork): Promise<string> {
    const tables = await this.tables()
    const id = pick(
      [...tables.keys()].filter((it) => !isByHand(it)),
      work.table,
    )
    if (id === undefined) return 'there is no table'
    this.#made += 1
    const sql = this.#statement(work, id, tables)
    await this.database.query(sql)
    return sql
  }

  #statement({ hand, column: which }: HandWork, id: string, tables: Tables): string {
    const [schema] = partsOf(id)
    const place = placeOf(id)
    const fresh = `${BY_HAND}${this.#made}`
    switch (hand) {
      case 'DropColumn':
        return `ALTER TABLE ${place} DROP COLUMN IF EXISTS "${pick(columnsOf(tables.get(id)), which)}"`
      case 'RenameTable':
        return `ALTER TABLE ${place} RENAME TO ${fresh}`
      case 'AddColumn':
        return `ALTER TABLE ${place} ADD COLUMN ${fresh} text DEFAULT 'by hand'`
      case 'AddRows':
        return [...tables.keys()]
          .filter((it) => !isByHand(it))
          .map((it) => `INSERT INTO ${placeOf(it)} (id) VALUES ('${randomUUID()}')`)
          .join('; ')
      case 'MakeTable':
        return `CREATE TABLE "${schema}".${fresh} AS SELECT n, md5(n::text) AS text, n / 7.0 AS number FROM generate_series(1, 50) n`
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
      const isTheirs = isByHand(id)
      const kept = [...columns.keys()]
        .filter((column) => isTheirs || column === 'id' || column.startsWith(BY_HAND))
        .sort()
      const row = `ROW(${kept.map((column) => `"${column}"`).join(', ')})::text`
      const [hash] = await this.database.query(
        `SELECT md5(coalesce(string_agg(${row}, E'\\n' ORDER BY ${row}), '')) AS hash FROM ${placeOf(id)}`,
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

const isByHand = (id: string): boolean => id.includes(`.${BY_HAND}`)

/** Schema and name of a table by its id. */
function partsOf(id: string): [string, string] {
  const [schema = '', name = ''] = id.slice(id.indexOf(' ') + 1).split('.')
  return [schema, name]
}

function placeOf(id: string): string {
  const [schema, name] = partsOf(id)
  return `"${schema}"."${name}"`
}

/** Columns of the operator's that no key is of. */
const columnsOf = (table: ReadonlyMap<string, string> = new Map()): string[] =>
  [...table.keys()].filter((name) => name !== 'id' && !name.startsWith(BY_HAND))
