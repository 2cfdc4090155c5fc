import { Client } from 'pg'
import { startPostgres } from '../warehouses/postgres-server.ts'

/** A statement of DDL that took effect. */
export interface Ddl {
  /** Milliseconds since 1970, by the server's clock. */
  at: number
  /** Which operator sent it: the parameter `test.replica` of its session; see `replicaEnv`. */
  replica: string
  tag: string
  object: string
}

/** Has Postgres write down every statement that changes a table, with who sent it. */
const WATCH = `
  CREATE SCHEMA watch;
  CREATE TABLE watch.ddl (at timestamptz, replica text, tag text, object text);
  CREATE FUNCTION watch.note() RETURNS event_trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO watch.ddl
    SELECT clock_timestamp(), coalesce(current_setting('test.replica', true), ''), command_tag, object_identity
    FROM pg_event_trigger_ddl_commands() WHERE schema_name IS DISTINCT FROM 'pg_temp';
  END $$;
  CREATE FUNCTION watch.note_drop() RETURNS event_trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO watch.ddl
    SELECT clock_timestamp(), coalesce(current_setting('test.replica', true), ''), tg_tag, object_identity
    FROM pg_event_trigger_dropped_objects() WHERE original AND NOT is_temporary;
  END $$;
  CREATE EVENT TRIGGER note ON ddl_command_end EXECUTE FUNCTION watch.note();
  CREATE EVENT TRIGGER note_drop ON sql_drop EXECUTE FUNCTION watch.note_drop();`

/** Environment that makes Postgres know an operator by a name. */
export const replicaEnv = (name: string) => ({ PGOPTIONS: `-c test.replica=${name}` })

/** An empty database of the test run's Postgres that tells what was done to it. */
export class WatchedDatabase implements AsyncDisposable {
  readonly host = '127.0.0.1'
  readonly port: number
  readonly database: string
  readonly password: string
  readonly #client: Client
  readonly #stop: () => Promise<void>

  private constructor(port: number, database: string, password: string, client: Client, stop: () => Promise<void>) {
    this.port = port
    this.database = database
    this.password = password
    this.#client = client
    this.#stop = stop
  }

  static async create(): Promise<WatchedDatabase> {
    const { host, port, user, password, createDatabase, stop } = await startPostgres()
    const database = await createDatabase()
    const client = new Client({ host, port, user, password, database })
    await client.connect()
    await client.query(WATCH)
    return new WatchedDatabase(port, database, password, client, stop)
  }

  /** Where it is, for a destination. */
  get address() {
    const { host, port, database } = this
    return { host, port, database }
  }

  async query(sql: string): Promise<Record<string, unknown>[]> {
    return (await this.#client.query<Record<string, unknown>>(sql)).rows
  }

  /** All DDL so far, oldest first, but that of connection tests, which drop the table that they make. */
  async ddl(): Promise<Ddl[]> {
    const rows = await this.query("SELECT * FROM watch.ddl WHERE object NOT LIKE '%.connection_test_%' ORDER BY at")
    return rows.map(({ at, replica, tag, object }) => ({
      at: at instanceof Date ? at.getTime() : 0,
      replica: String(replica),
      tag: String(tag),
      object: String(object),
    }))
  }

  /** How many rows were ever written, in all tables but the watch's own. */
  async rowsWritten(): Promise<number> {
    const [row] = await this.query(
      "SELECT sum(n_tup_ins + n_tup_upd + n_tup_del) AS rows FROM pg_stat_user_tables WHERE schemaname <> 'watch'",
    )
    return Number(row?.rows ?? 0)
  }

  /** `schema.table` of all tables but those of the ledger and the watch. */
  async tables(): Promise<string[]> {
    const rows = await this.query(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables
       WHERE schemaname NOT IN ('pg_catalog', 'information_schema', 'engageops', 'watch') ORDER BY 1`,
    )
    return rows.map(({ name }) => String(name))
  }

  async columns(table: string): Promise<string[]> {
    const [schema = '', name = ''] = table.split('.')
    const rows = await this.query(
      `SELECT column_name FROM information_schema.columns
       WHERE table_schema = '${schema}' AND table_name = '${name}' ORDER BY 1`,
    )
    return rows.map((row) => String(row.column_name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.end()
    await this.#stop()
  }
}
