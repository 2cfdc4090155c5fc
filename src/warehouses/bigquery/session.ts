import type { TableName } from '../../model/table.ts'
import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import { observedOf } from '../observed.ts'
import type { Observed, Session, StageInput, WarehouseEnvironment } from '../port.ts'
import { RETRY_MS, STATEMENT_MS } from '../statement-limit.ts'
import { clientOf } from './config.ts'
import { dialect } from './dialect.ts'
import { toEngageError } from './errors.ts'
import { expirationsOf } from './expirations.ts'
import { observeQuery } from './introspect.ts'
import { dryRun, type JobContext, type Outcome, runQuery } from './jobs.ts'
import { dropStageTable, loadStage } from './load.ts'

const CONNECT_MS = 30_000
/** Longest time of a call, in milliseconds; the service needs a moment to end a job. */
const CALL_MS = RETRY_MS + STATEMENT_MS + 60_000

/** There is no connection: a client that may run jobs is what a session is here. */
export async function openSession(
  settings: BigQuerySettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  let account: string | undefined
  try {
    const connection = await clientOf(settings, environment)
    account = connection.account
    const context = { client: connection.client, projectId: settings.projectId, location: settings.location }
    // Whether the account may run jobs in the project: nothing is run, or paid, for that.
    await dryRun(context, 'SELECT 1', AbortSignal.any([AbortSignal.timeout(CONNECT_MS), ...(signal ? [signal] : [])]))
    return new BigQuerySession(context, settings, account)
  } catch (error) {
    throw toEngageError(error, settings, account)
  }
}

class BigQuerySession implements Session {
  readonly #context: JobContext
  readonly #settings: BigQuerySettings
  readonly #account: string | undefined
  readonly #closing = new AbortController()
  /** Stages by their quoted names. */
  readonly #stages = new Map<string, TableName>()

  constructor(context: JobContext, settings: BigQuerySettings, account: string | undefined) {
    this.#context = context
    this.#settings = settings
    this.#account = account
  }

  /** The service has no version; that of the API stands for it. */
  async serverVersion(): Promise<string> {
    return 'BigQuery v2.0'
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    const observed = observedOf(await this.query(observeQuery(this.#settings, schemas)), dialect)
    const expirations = await this.#call((signal) => expirationsOf(this.#context, observed.schemas, signal))
    return { ...observed, expirations }
  }

  async query(sql: string): Promise<Record<string, string | null>[]> {
    return (await this.#run(sql)).rows
  }

  async execute(sql: string): Promise<number> {
    return (await this.#run(sql)).affected
  }

  transaction<T>(work: () => Promise<T>): Promise<T> {
    return work()
  }

  async stage(input: StageInput): Promise<string> {
    const stage = await this.#call((signal) => loadStage(this.#context, input, signal))
    const name = dialect.table(stage)
    this.#stages.set(name, stage)
    return name
  }

  async dropStage(name: string): Promise<void> {
    const stage = this.#stages.get(name)
    if (!stage) return
    await this.#call((signal) => dropStageTable(this.#context, stage, signal))
    this.#stages.delete(name)
  }

  /** Ends what still runs. */
  async close(): Promise<void> {
    this.#closing.abort()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #run(sql: string): Promise<Outcome> {
    return this.#call((signal) => runQuery(this.#context, sql, signal))
  }

  async #call<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await work(AbortSignal.any([this.#closing.signal, AbortSignal.timeout(CALL_MS)]))
    } catch (error) {
      throw toEngageError(error, this.#settings, this.#account)
    }
  }
}
