import { setTimeout as sleep } from 'node:timers/promises'
import { DBSQLClient } from '@databricks/sql'
import { EngageError } from '../../model/errors.ts'
import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import { inTime } from '../in-time.ts'
import { observedOf } from '../observed.ts'
import type { Observed, Session, StageInput, WarehouseEnvironment } from '../port.ts'
import { addedSingly, renamedQuery } from './change.ts'
import { type Access, readAccess, SESSION_SETTINGS, TIMES } from './config.ts'
import { dialect } from './dialect.ts'
import {
  isUnanswered,
  ofStatementRun,
  pauseOfConflict,
  pauseOfMove,
  pauseOfRefusal,
  starting,
  toEngageError,
  tooLate,
} from './errors.ts'
import { observeQuery } from './introspect.ts'
import { Loader } from './load.ts'
import { ServicePrincipal } from './oauth.ts'
import { rowsOf } from './rows.ts'

type DriverSession = Awaited<ReturnType<DBSQLClient['openSession']>>
type Operation = Awaited<ReturnType<DriverSession['executeStatement']>>

export async function openSession(
  settings: DatabricksSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<Session> {
  const access = await readAccess(settings, environment)
  const principal = new ServicePrincipal(settings, access)
  const client = newClient()
  try {
    // What cannot be reached or is not let in is told apart from what has to start first.
    await inTime(principal.authenticate(), TIMES.token, () => tooLate(settings), signal)
    await client.connect(clientOptions(settings, access, principal))
    return new DatabricksSession(client, await openStarted(client, settings, signal), settings)
  } catch (error) {
    void client.close().catch(() => undefined)
    throw toEngageError(error, settings)
  }
}

/** Whether the workspace gives the service principal a token. */
export async function authenticate(
  settings: DatabricksSettings,
  environment: WarehouseEnvironment,
  signal?: AbortSignal,
): Promise<void> {
  try {
    const principal = new ServicePrincipal(settings, await readAccess(settings, environment))
    await inTime(principal.authenticate(), TIMES.token, () => tooLate(settings), signal)
  } catch (error) {
    throw toEngageError(error, settings)
  }
}

function newClient(): DBSQLClient {
  const client = new DBSQLClient({ logger: { log: () => undefined } })
  // Errors that nobody waits for are told by the next statement.
  client.on('error', () => undefined)
  // Timestamps and decimals come as text: JavaScript's Date has no microseconds.
  client.getConfig().useArrowNativeTypes = false
  return client
}

const clientOptions = (settings: DatabricksSettings, { ca }: Access, provider: ServicePrincipal) => ({
  host: settings.host,
  port: settings.port,
  path: settings.httpPath,
  authType: 'custom' as const,
  provider,
  ...(ca !== undefined && { customCaCert: ca }),
  userAgentEntry: 'EngageOps',
  socketTimeout: TIMES.answer,
  retriesTimeout: TIMES.answer,
  preserveBigNumericPrecision: true,
  telemetryEnabled: false,
})

/** A session, once the warehouse has started: until then it refuses, or keeps the request waiting. */
async function openStarted(
  client: DBSQLClient,
  settings: DatabricksSettings,
  signal?: AbortSignal,
): Promise<DriverSession> {
  const deadline = Date.now() + TIMES.start
  for (;;) {
    try {
      const opening = client.openSession({ initialCatalog: settings.catalog, configuration: SESSION_SETTINGS })
      return await inTime(opening, deadline - Date.now(), () => starting(settings), signal)
    } catch (error) {
      if (error instanceof EngageError) throw error
      const pause = isUnanswered(error) ? 0 : pauseOfRefusal(error)
      if (pause === undefined) throw error
      if (Date.now() + pause > deadline) throw starting(settings)
      await sleep(pause, undefined, signal && { signal }).catch(() => {
        throw starting(settings)
      })
    }
  }
}

class DatabricksSession implements Session {
  readonly #client: DBSQLClient
  readonly #session: DriverSession
  readonly #settings: DatabricksSettings
  readonly #loader: Loader
  #closed = false

  constructor(client: DBSQLClient, session: DriverSession, settings: DatabricksSettings) {
    this.#client = client
    this.#session = session
    this.#settings = settings
    this.#loader = new Loader(
      {
        query: (sql) => this.query(sql),
        execute: (sql) => this.execute(sql),
        move: (sql, folder) => this.#run(sql, async () => undefined, { stagingAllowedLocalPath: folder }),
      },
      settings.stagingVolume,
    )
  }

  async serverVersion(): Promise<string> {
    const version = 'coalesce(current_version().dbsql_version, current_version().dbr_version)'
    const [row] = await this.query(`SELECT ${version} AS version`)
    return `Databricks ${row?.version ?? ''}`
  }

  async observe(schemas: readonly string[]): Promise<Observed> {
    return observedOf(await this.query(observeQuery(schemas)), dialect)
  }

  query(sql: string): Promise<Record<string, string | null>[]> {
    return this.#run(sql, rowsOf)
  }

  async execute(sql: string): Promise<number> {
    try {
      const [row] = await this.query(sql)
      return Number(row?.num_affected_rows ?? 0)
    } catch (error) {
      const message = error instanceof Error ? error.message : ''
      const singly = addedSingly(sql, message)
      if (singly === undefined && !(await this.#isRenamed(sql, message))) throw error
      for (const statement of singly ?? []) await this.execute(statement)
      return 0
    }
  }

  /** There are none: every statement commits by itself. */
  transaction<T>(work: () => Promise<T>): Promise<T> {
    return work()
  }

  stage(input: StageInput): Promise<string> {
    return this.#loader.stage(input)
  }

  async dropStage(name: string): Promise<void> {
    await this.execute(`DROP TABLE IF EXISTS ${name}`)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await inTime(this.#client.close(), TIMES.close, () => tooLate(this.#settings)).catch(() => undefined)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #isRenamed(sql: string, message: string): Promise<boolean> {
    const query = renamedQuery(sql, message)
    if (query === undefined) return false
    return this.query(query).then(
      () => true,
      () => false,
    )
  }

  /** Runs a statement, again where nothing is left of the try: soon, since others wait no longer for one that is left running. */
  async #run<T>(sql: string, read: (operation: Operation) => Promise<T>, options = {}): Promise<T> {
    const deadline = Date.now() + TIMES.retry
    for (let attempt = 1; ; attempt += 1) {
      let operation: Operation | undefined
      const run = async (): Promise<T> => {
        operation = await this.#session.executeStatement(sql, { ...RESULTS, ...options })
        const result = await read(operation)
        await operation.close()
        return result
      }
      try {
        return await inTime(run(), TIMES.statement, () => tooLate(this.#settings))
      } catch (error) {
        // One that failed is over, one that takes too long must not go on.
        void operation?.cancel().catch(() => undefined)
        const pause = operation
          ? pauseOfConflict(error, attempt)
          : (pauseOfRefusal(error) ?? pauseOfMove(error, this.#settings, attempt))
        if (pause === undefined || Date.now() + pause > deadline) {
          throw ofStatementRun(error, this.#settings, operation !== undefined)
        }
        await sleep(pause)
      }
    }
  }
}

/** Results are small: they come with the answers, not from the cloud's storage, which a firewall may not let through. */
const RESULTS = { useCloudFetch: false, useLZ4Compression: false }
