import { Socket } from 'node:net'
import { Client, types } from 'pg'
import type { PostgresSettings } from '../../model/destination.ts'
import { EngageError } from '../../model/errors.ts'
import { observedOf } from '../observed.ts'
import type { Observed, Session, StageInput, WarehouseEnvironment } from '../port.ts'
import { connectionOptions, SESSION_SETTINGS } from './config.ts'
import { dialect } from './dialect.ts'
import { toEngageError } from './errors.ts'
import { observeQuery } from './introspect.ts'
import { analyzeStatement, copyPart, stageStatement } from './load.ts'

export async function openSession(
  settings: PostgresSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const socket = new Socket()
  const options = await connectionOptions(settings, environment)
  const client = new Client({ ...options, stream: () => socket, types: { getTypeParser } })
  // A connection that breaks while nobody waits for it is told by the next statement.
  client.on('error', () => undefined)
  const giveUp = () => void socket.destroy(new Error('connection timeout'))
  if (signal?.aborted) throw toEngageError(new Error('connection timeout'), settings)
  signal?.addEventListener('abort', giveUp)
  try {
    await client.connect()
    await client.query(SESSION_SETTINGS)
    return new PostgresSession(client, settings)
  } catch (error) {
    socket.destroy()
    throw toEngageError(error, settings)
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

class PostgresSession implements Session {
  readonly #client: Client
  readonly #settings: PostgresSettings
  #stages = 0
  #closed = false

  constructor(client: Client, settings: PostgresSettings) {
    this.#client = client
    this.#settings = settings
  }

  async serverVersion(): Promise<string> {
    const [row] = await this.query("SELECT current_setting('server_version') AS version")
    return `PostgreSQL ${row?.version ?? ''}`
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  async query(sql: string): Promise<Record<string, string | null>[]> {
    return (await this.#run(() => this.#client.query<Record<string, string | null>>(sql))).rows
  }

  async execute(sql: string): Promise<number> {
    return (await this.#run(() => this.#client.query(sql))).rowCount ?? 0
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.execute('BEGIN')
    try {
      const result = await work()
      const { command } = await this.#run(() => this.#client.query('COMMIT'))
      if (command !== 'COMMIT') throw new EngageError('WarehouseError', 'Retry', 'the transaction was rolled back')
      return result
    } catch (error) {
      // On a broken connection the server rolls back by itself.
      await this.execute('ROLLBACK').catch(() => undefined)
      throw error
    }
  }

  async stage(input: StageInput): Promise<string> {
    this.#stages += 1
    const name = `pg_temp.${dialect.quote(`eo_stage_${this.#stages}`)}`
    await this.execute(stageStatement(name, input))
    for (const part of input.parts) await this.#run(() => copyPart(this.#client, name, part))
    await this.execute(analyzeStatement(name, input))
    return name
  }

  async dropStage(name: string): Promise<void> {
    await this.execute(`DROP TABLE IF EXISTS ${name}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#client.end().catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #run<T>(statement: () => Promise<T>): Promise<T> {
    try {
      return await statement()
    } catch (error) {
      throw toEngageError(error, this.#settings)
    }
  }
}

const PARSERS = new Map<number, (text: string) => string>([
  [types.builtins.BOOL, (text) => (text === 't' ? 'true' : 'false')],
  [types.builtins.TIMESTAMPTZ, (text) => text.replace(' ', 'T').replace(/\+00$/, 'Z')],
])

const asText = (text: string): string => text

const getTypeParser = (oid: number): ((text: string) => string) => PARSERS.get(oid) ?? asText
