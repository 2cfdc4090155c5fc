import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Connection, ConnectionOptions, RowStatement } from 'snowflake-sdk'
import { EngageError } from '../../model/errors.ts'
import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import { inTime } from '../in-time.ts'
import { observedOf } from '../observed.ts'
import type { Observed, Session, StageInput, StagePart, WarehouseEnvironment } from '../port.ts'
import { gzipped, StagingFolder } from '../staging/folder.ts'
import { STATEMENT_MS } from '../statement-limit.ts'
import { uploadPause } from '../upload-pause.ts'
import {
  CLOSE_MS,
  CONNECT_MS,
  connectionOptions,
  REQUEST_MS,
  SESSION_SETTINGS,
  type Staging,
  stagingPlace,
} from './config.ts'
import { dialect } from './dialect.ts'
import { newConnection } from './driver.ts'
import { noDatabase, noWarehouse, outOfReach, storageFailure, toEngageError, tooLate } from './errors.ts'
import { addressable, observeQuery } from './introspect.ts'
import {
  type CopySource,
  compress,
  copyStatement,
  externalFolder,
  filesStatement,
  folderOf,
  type Load,
  loadsOf,
  putStatement,
  stageStatement,
  typesOf,
} from './load.ts'
import { onOutage } from './outage.ts'
import { rowsOf } from './rows.ts'

export async function openSession(
  settings: SnowflakeSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const options = await connectionOptions(settings, environment)
  const opening = logIn(options, settings, environment)
  try {
    return await inTime(opening, CONNECT_MS, () => tooLate('the login was given up', settings), signal)
  } catch (error) {
    // The driver cannot be told to stop: a login that comes through later is ended.
    opening.then(
      (session) => session.close(),
      () => undefined,
    )
    throw toEngageError(error, settings)
  }
}

async function logIn(
  options: ConnectionOptions,
  settings: SnowflakeSettings,
  environment: WarehouseEnvironment,
): Promise<Session> {
  const connection = await newConnection(options)
  await new Promise<void>((resolve, reject) => connection.connect((error) => (error ? reject(error) : resolve())))
  const session = new SnowflakeSession(connection, settings, environment)
  try {
    await session.execute(SESSION_SETTINGS)
    await session.checkContext()
    return session
  } catch (error) {
    await session.close()
    throw error
  }
}

const CONTEXT = 'SELECT CURRENT_DATABASE() AS database, CURRENT_WAREHOUSE() AS warehouse, CURRENT_VERSION() AS version'

/** Runs the COPY of a load. */
type Copy = (source: CopySource) => Promise<unknown>

interface Outcome {
  statement: RowStatement
  rows: readonly unknown[][]
}

class SnowflakeSession implements Session {
  readonly #connection: Connection
  readonly #settings: SnowflakeSettings
  readonly #environment: WarehouseEnvironment
  #stages = 0
  /** Schemas that have a place for files. */
  readonly #filesIn = new Set<string>()
  #closed = false
  /** Why the session cannot be used any more. */
  #lost: EngageError | undefined

  constructor(connection: Connection, settings: SnowflakeSettings, environment: WarehouseEnvironment) {
    this.#connection = connection
    this.#settings = settings
    this.#environment = environment
  }

  /** Snowflake lets a session begin without the database and the warehouse that it asked for. */
  async checkContext(): Promise<void> {
    const [row] = await this.query(CONTEXT)
    if (!row?.database) throw noDatabase(this.#settings)
    if (!row.warehouse) throw noWarehouse(this.#settings)
  }

  async serverVersion(): Promise<string> {
    const [row] = await this.query(CONTEXT)
    return `Snowflake ${row?.version ?? ''}`
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(addressable(await this.query(observeQuery(schemas))), dialect)
  }

  async query(sql: string): Promise<Record<string, string | null>[]> {
    const { statement, rows } = await this.#run(sql)
    return rowsOf(statement.getColumns() ?? [], rows)
  }

  async execute(sql: string): Promise<number> {
    const { statement } = await this.#run(sql)
    return Math.max(0, statement.getNumUpdatedRows() ?? 0)
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.execute('BEGIN')
    try {
      const result = await work()
      // A transaction that an administrator or a statement of DDL has ended is no error to COMMIT.
      const [row] = await this.query('SELECT CURRENT_TRANSACTION() AS id')
      if (!row?.id) throw new EngageError('WarehouseError', 'Retry', 'the transaction was ended before its commit')
      await this.execute('COMMIT')
      return result
    } catch (error) {
      // A statement that fails leaves the transaction open. That of a lost session ends with it, on the server.
      await this.execute('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async stage(input: StageInput): Promise<string> {
    this.#stages += 1
    const stage = this.#stages
    const name = dialect.table({ schema: input.schema, name: `eo_stage_${stage}` })
    await this.execute(stageStatement(name, input))
    const { staging } = this.#settings
    const types = typesOf(input.columns)
    for (const [number, load] of loadsOf(input).entries()) {
      const copy = (source: CopySource) => this.execute(copyStatement(name, load.columns, types, source))
      if (staging) await this.#throughBucket(staging, load, copy)
      else await this.#throughSnowflake(input.schema, folderOf(input.schema, stage, number), load, copy)
    }
    return name
  }

  async #throughBucket(staging: Staging, { parts }: Load, copy: Copy): Promise<void> {
    await using folder = await StagingFolder.in(stagingPlace(staging), this.#environment)
    const files: string[] = []
    for (const [number, { path }] of parts.entries()) {
      const file = `${number}.csv.gz`
      await folder.put(file, await gzipped(createReadStream(path)))
      files.push(file)
    }
    await copy({ folder: externalFolder(staging.stage, folder.name), files })
  }

  async #throughSnowflake(schema: string, folder: string, { parts }: Load, copy: Copy): Promise<void> {
    if (!this.#filesIn.has(schema)) await this.execute(filesStatement(schema))
    this.#filesIn.add(schema)
    for (const part of parts) await this.#put(part, folder)
    await copy({ folder })
  }

  async #put(part: StagePart, folder: string): Promise<void> {
    const compressed = await compress(part)
    try {
      await this.#upload(putStatement(compressed, folder))
    } finally {
      await rm(compressed, { force: true })
    }
  }

  /** Runs a PUT, again where the storage does not take the file: the driver gives up after some milliseconds. */
  async #upload(sql: string): Promise<void> {
    const deadline = Date.now() + STATEMENT_MS
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#send(sql)
        return
      } catch (error) {
        const failure = storageFailure(error, this.#settings)
        if (!failure) throw this.#explained(error)
        const pause = uploadPause(attempt)
        if (pause === undefined || Date.now() + pause > deadline) throw failure
        await sleep(pause)
      }
    }
  }

  async dropStage(name: string): Promise<void> {
    await this.execute(`DROP TABLE IF EXISTS ${name}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const ended = new Promise<void>((resolve) => this.#connection.destroy(() => resolve()))
    await inTime(ended, CLOSE_MS, () => tooLate('the session was left open', this.#settings)).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run(sql: string): Promise<Outcome> {
    try {
      return await this.#send(sql)
    } catch (error) {
      throw this.#explained(error)
    }
  }

  #explained(error: unknown): EngageError {
    const told = toEngageError(error, this.#settings)
    if (told.reason === 'WarehouseUnreachable') this.#lost = told
    return told
  }

  /**
   * Nothing is sent on a session that has lost the server: what it had begun would be committed by the next DDL that comes
   * through. Throws what the driver throws, or EngageError.
   */
  async #send(sql: string): Promise<Outcome> {
    if (this.#lost) throw this.#lost
    const driver = Promise.withResolvers<Outcome>()
    const outage = Promise.withResolvers<never>()
    const statement = this.#connection.execute({
      sqlText: sql,
      complete: (error, completed, rows = []) =>
        error ? driver.reject(error) : driver.resolve({ statement: completed, rows }),
    })
    const endWatch = onOutage(statement, (failure) => outage.reject(outOfReach(failure, this.#settings)))
    driver.promise.catch(() => undefined).finally(endWatch)
    const late = () => {
      statement.cancel()
      return tooLate('a statement was cancelled', this.#settings)
    }
    // Beside the server's own limit: a server that is gone enforces none.
    return await inTime(Promise.race([driver.promise, outage.promise]), STATEMENT_MS + REQUEST_MS, late)
  }
}
