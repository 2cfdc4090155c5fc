import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { type DuckDBConnection, DuckDBInstance, DuckDBTimestampValue, type DuckDBValue } from '@duckdb/node-api'
import { observedOf } from '../observed.ts'
import type { Observed, Session, StageInput } from '../port.ts'
import type { DuckDbConfig } from './config.ts'
import { dialect } from './dialect.ts'
import { toEngageError } from './errors.ts'
import { observeQuery } from './introspect.ts'
import { stageStatements } from './load.ts'

/**
 * What the file is called inside DuckDB. Left to itself DuckDB takes the file's name, and a file `engageops.duckdb` with a
 * schema `engageops` makes every `engageops.table` ambiguous; a name with a space is no schema's.
 */
const CATALOG = dialect.quote('database file')

/**
 * Rows of a row group in a new file, a third of DuckDB's own. A segment is then many groups: they go straight into the
 * file instead of the log, and a checkpoint finds few that are worth merging, which would write them once more.
 */
const ROW_GROUP_SIZE = 40_960

interface OpenFile {
  instance: Promise<DuckDBInstance>
  sessions: number
}

/** DuckDB opens a file once per process: sessions of one file share the instance, the last one closes it. */
const openFiles = new Map<string, OpenFile>()

export async function openSession(config: DuckDbConfig): Promise<Session> {
  const open = openFiles.get(config.file) ?? { instance: openInstance(config), sessions: 0 }
  openFiles.set(config.file, open)
  open.sessions += 1
  try {
    const connection = await (await open.instance).connect()
    await connection.run(`USE ${CATALOG}`)
    return new DuckDbSession(connection, config.file)
  } catch (error) {
    await release(config.file)
    throw toEngageError(error, config.file)
  }
}

async function openInstance({ file, options }: DuckDbConfig): Promise<DuckDBInstance> {
  await mkdir(path.dirname(file), { recursive: true })
  const instance = await DuckDBInstance.create(':memory:', options)
  try {
    const connection = await instance.connect()
    await connection.run(`ATTACH ${dialect.literal(file, 'String')} AS ${CATALOG} (ROW_GROUP_SIZE ${ROW_GROUP_SIZE})`)
    connection.closeSync()
    return instance
  } catch (error) {
    instance.closeSync()
    throw error
  }
}

/** Gives the file back; the last session's close writes what is in the log into the file and unlocks it. */
async function release(file: string): Promise<void> {
  const open = openFiles.get(file)
  const instance = await open?.instance.catch(() => undefined)
  if (open === undefined) return
  open.sessions -= 1
  if (open.sessions > 0) return
  openFiles.delete(file)
  instance?.closeSync()
}

class DuckDbSession implements Session {
  readonly #connection: DuckDBConnection
  readonly #file: string
  #stages = 0
  #closed = false

  constructor(connection: DuckDBConnection, file: string) {
    this.#connection = connection
    this.#file = file
  }

  async serverVersion(): Promise<string> {
    const [row] = await this.query('SELECT version() AS version')
    return `DuckDB ${row?.version ?? ''}`
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  async query(sql: string): Promise<Record<string, string | null>[]> {
    const result = await this.#run(() => this.#connection.runAndReadAll(sql))
    const names = result.columnNames()
    return result.getRows().map((row) => Object.fromEntries(names.map((name, at) => [name, textOf(row[at] ?? null)])))
  }

  async execute(sql: string): Promise<number> {
    return (await this.#run(() => this.#connection.run(sql))).rowsChanged
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.execute('BEGIN TRANSACTION')
    let result: T
    try {
      result = await work()
      await this.execute('COMMIT')
    } catch (error) {
      // A failed COMMIT has rolled back already, then there is nothing to roll back.
      await this.execute('ROLLBACK').catch(() => undefined)
      throw error
    }
    // Until rows are in the file each column that got some holds 32 KB of memory, which cannot be swapped out. While
    // another session writes this is refused, and left to the next commit.
    await this.execute('CHECKPOINT').catch(() => undefined)
    return result
  }

  async stage(input: StageInput): Promise<string> {
    this.#stages += 1
    const name = `temp.${dialect.quote(`eo_stage_${this.#stages}`)}`
    for (const sql of stageStatements(name, input)) await this.execute(sql)
    return name
  }

  async dropStage(name: string): Promise<void> {
    await this.execute(`DROP TABLE IF EXISTS ${name}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#connection.closeSync()
    await release(this.#file)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement()
    } catch (error) {
      throw toEngageError(error, this.#file)
    }
  }
}

function textOf(value: DuckDBValue): string | null {
  if (value === null) return null
  if (value instanceof DuckDBTimestampValue) return `${value.toString().replace(' ', 'T')}Z`
  return String(value)
}
