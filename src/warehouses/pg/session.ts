import type { Client } from 'pg'
import { EngageError } from '../../model/errors.ts'
import type { Observed, Session, StageInput } from '../port.ts'
import { hasLostRace } from './errors.ts'

/** A session over the protocol of Postgres; what the server is, its subclasses say. */
export abstract class PgSession implements Session {
  protected readonly client: Client
  readonly #explain: (error: unknown) => EngageError
  protected inTransaction = false
  #closed = false

  /** `explain` makes an EngageError of whatever the driver throws. */
  constructor(client: Client, explain: (error: unknown) => EngageError) {
    this.client = client
    this.#explain = explain
  }

  abstract serverVersion(): Promise<string>
  abstract observe(schemas: readonly string[]): Promise<Observed>
  abstract stage(input: StageInput): Promise<string>

  async query(sql: string): Promise<Record<string, string | null>[]> {
    return (await this.run(() => this.client.query<Record<string, string | null>>(sql))).rows
  }

  /** Outside a transaction, which an error ends, a statement that lost a race is sent once more. */
  async execute(sql: string): Promise<number> {
    const send = () => this.client.query(sql)
    const { rowCount } = await this.run(() =>
      send().catch((error: unknown) => {
        if (this.inTransaction || !hasLostRace(sql, error)) throw error
        return send()
      }),
    )
    return rowCount ?? 0
  }

  async transaction<T>(work: () => Promise<T>): Promise<T> {
    await this.execute('BEGIN')
    this.inTransaction = true
    try {
      const result = await work()
      const { command } = await this.run(() => this.client.query('COMMIT'))
      if (command !== 'COMMIT') throw new EngageError('WarehouseError', 'Retry', 'the transaction was rolled back')
      return result
    } catch (error) {
      // On a broken connection the server rolls back by itself.
      await this.execute('ROLLBACK').catch(() => undefined)
      throw error
    } finally {
      this.inTransaction = false
    }
  }

  async dropStage(name: string): Promise<void> {
    await this.execute(`DROP TABLE IF EXISTS ${name}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.client.end().catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  protected async run<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw this.#explain(error)
    }
  }
}
