import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import types from '@databricks/sql/thrift/TCLIService_types.js'
import thrift from 'thrift'
import { arrowOf } from './arrow.ts'
import { type Handle, SparkError, SparkSession } from './spark-session.ts'
import { runStatement, type Volumes } from './statements.ts'

/** What a test has the warehouse refuse: a message, as Databricks words it, or nothing to let a statement pass. */
export type Refusal = (statement: string) => { message: string; sqlState: string } | undefined

export interface ServiceOptions {
  sparkPort: number
  catalog: string
  volumes: Volumes
  refusal: Refusal
  /** Told of every statement. */
  seen: (statement: string) => void
}

/** Session settings of a SQL warehouse, as Spark calls them. */
const SETTINGS: Record<string, string> = {
  ANSI_MODE: 'spark.sql.ansi.enabled',
  TIMEZONE: 'spark.sql.session.timeZone',
  STATEMENT_TIMEOUT: 'spark.sql.thriftServer.queryTimeout',
}

const { TOperationState: State, TStatusCode } = types
const SUCCESS = new types.TStatus({ statusCode: TStatusCode.SUCCESS_STATUS })
const failure = (errorMessage: string, sqlState = ''): types.TStatus =>
  new types.TStatus({ statusCode: TStatusCode.ERROR_STATUS, errorMessage, sqlState })

const ROWS_AT_ONCE = 10_000
/** How long an answer waits for the statement to end. */
const DIRECT_MS = 2_000

/** A statement of a client, in whatever steps Spark runs it. */
interface Operation {
  session: SparkSession
  state: types.TOperationState
  error?: { message: string; sqlState: string }
  isStaging: boolean
  /** The step that Spark is at; in the end the one that has the result. */
  step?: Handle
  ended: Promise<void>
}

/** The Thrift service of a SQL warehouse, protocol V8, in terms of a Spark Thrift server. */
export class Service {
  readonly #options: ServiceOptions
  readonly #sessions = new Map<string, SparkSession>()
  readonly #operations = new Map<string, Operation>()

  constructor(options: ServiceOptions) {
    this.#options = options
  }

  async close(): Promise<void> {
    for (const session of this.#sessions.values()) await session.close()
    this.#sessions.clear()
  }

  readonly OpenSession = async (request: types.TOpenSessionReq): Promise<types.TOpenSessionResp> => {
    const serverProtocolVersion = types.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8
    const catalog = request.initialNamespace?.catalogName
    if (catalog !== undefined && catalog !== this.#options.catalog) {
      const message = `[NO_SUCH_CATALOG_EXCEPTION] Catalog '${catalog}' was not found. Please verify the catalog name and then retry the query or command again. SQLSTATE: 42704`
      return new types.TOpenSessionResp({ status: failure(message, '42704'), serverProtocolVersion })
    }
    const session = await SparkSession.open(this.#options.sparkPort)
    for (const [name, value] of Object.entries(request.configuration ?? {})) {
      const known = SETTINGS[name]
      if (known === undefined) throw new Error(`the test server does not know the setting ${name}`)
      await session.run(`SET ${known} = ${value}`)
    }
    const sessionId = identifier()
    this.#sessions.set(keyOf(sessionId), session)
    const sessionHandle = new types.TSessionHandle({ sessionId })
    return new types.TOpenSessionResp({ status: SUCCESS, serverProtocolVersion, sessionHandle })
  }

  readonly CloseSession = async ({ sessionHandle }: types.TCloseSessionReq): Promise<types.TCloseSessionResp> => {
    const key = keyOf(sessionHandle.sessionId)
    await this.#sessions.get(key)?.close()
    this.#sessions.delete(key)
    return new types.TCloseSessionResp({ status: SUCCESS })
  }

  readonly ExecuteStatement = async (request: types.TExecuteStatementReq): Promise<types.TExecuteStatementResp> => {
    const session = this.#sessions.get(keyOf(request.sessionHandle.sessionId))
    if (!session) return new types.TExecuteStatementResp({ status: failure('Invalid SessionHandle') })
    const operationId = identifier()
    const operation: Operation = {
      session,
      state: State.RUNNING_STATE,
      isStaging: false,
      ended: Promise.resolve(),
    }
    operation.ended = this.#run(operation, request.statement)
    this.#operations.set(keyOf(operationId), operation)
    await Promise.race([operation.ended, sleep(DIRECT_MS)])
    const operationHandle = new types.TOperationHandle({
      operationId,
      operationType: types.TOperationType.EXECUTE_STATEMENT,
      hasResultSet: true,
    })
    return new types.TExecuteStatementResp({
      status: SUCCESS,
      operationHandle,
      directResults: await this.#directResults(operationHandle),
    })
  }

  async #run(operation: Operation, statement: string): Promise<void> {
    try {
      this.#options.seen(statement)
      const refused = this.#options.refusal(statement)
      if (refused) throw new SparkError(refused.message, refused.sqlState)
      const ran = await runStatement(operation.session, statement, this.#options.volumes, (step) => {
        operation.step = step
      })
      operation.step = ran.handle
      operation.isStaging = ran.isStaging
      operation.state = State.FINISHED_STATE
    } catch (error) {
      if (operation.state === State.CANCELED_STATE) return
      operation.state = State.ERROR_STATE
      operation.error = {
        message: error instanceof Error ? error.message : String(error),
        sqlState: error instanceof SparkError ? error.sqlState : '',
      }
    }
  }

  async #directResults(operationHandle: Handle): Promise<types.TSparkDirectResults> {
    const request = { operationHandle }
    const operationStatus = await this.GetOperationStatus(request)
    if (operationStatus.operationState !== State.FINISHED_STATE)
      return new types.TSparkDirectResults({ operationStatus })
    const resultSetMetadata = await this.GetResultSetMetadata(request)
    const resultSet = await this.FetchResults(request)
    if (resultSet.hasMoreRows) return new types.TSparkDirectResults({ operationStatus, resultSetMetadata, resultSet })
    const closeOperation = await this.CloseOperation(request)
    return new types.TSparkDirectResults({ operationStatus, resultSetMetadata, resultSet, closeOperation })
  }

  readonly GetOperationStatus = async ({
    operationHandle,
  }: Pick<types.TGetOperationStatusReq, 'operationHandle'>): Promise<types.TGetOperationStatusResp> => {
    const { state, error } = this.#operation(operationHandle)
    return new types.TGetOperationStatusResp({
      status: SUCCESS,
      operationState: state,
      ...(error && { errorMessage: error.message, displayMessage: error.message, sqlState: error.sqlState }),
    })
  }

  readonly GetResultSetMetadata = async ({
    operationHandle,
  }: types.TGetResultSetMetadataReq): Promise<types.TGetResultSetMetadataResp> => {
    const { session, step, isStaging } = this.#operation(operationHandle)
    if (!step) throw new Error('a statement that has not ended has no result')
    const metadata = await session.metadata(step)
    const arrow = arrowOf(metadata, undefined)
    // Spark counts columns from 0.
    for (const [position, column] of (metadata.schema?.columns ?? []).entries()) column.position = position + 1
    return new types.TGetResultSetMetadataResp({
      status: SUCCESS,
      ...(metadata.schema && { schema: metadata.schema }),
      resultFormat: types.TSparkRowSetType.ARROW_BASED_SET,
      arrowSchema: arrow.schema,
      isStagingOperation: isStaging,
    })
  }

  readonly FetchResults = async ({
    operationHandle,
  }: Pick<types.TFetchResultsReq, 'operationHandle'>): Promise<types.TFetchResultsResp> => {
    const { session, step } = this.#operation(operationHandle)
    if (!step) throw new Error('a statement that has not ended has no result')
    const { results } = await session.fetch(step, ROWS_AT_ONCE)
    const { batch, rows } = arrowOf(await session.metadata(step), results)
    const arrowBatches = [new types.TSparkArrowBatch({ batch, rowCount: new thrift.Int64(rows) })]
    return new types.TFetchResultsResp({
      status: SUCCESS,
      hasMoreRows: rows === ROWS_AT_ONCE,
      results: new types.TRowSet({ startRowOffset: new thrift.Int64(0), rows: [], arrowBatches }),
    })
  }

  readonly CancelOperation = async ({
    operationHandle,
  }: types.TCancelOperationReq): Promise<types.TCancelOperationResp> => {
    const operation = this.#operation(operationHandle)
    if (operation.state === State.RUNNING_STATE) {
      operation.state = State.CANCELED_STATE
      if (operation.step) await operation.session.cancel(operation.step)
    }
    return new types.TCancelOperationResp({ status: SUCCESS })
  }

  readonly CloseOperation = async ({
    operationHandle,
  }: Pick<types.TCloseOperationReq, 'operationHandle'>): Promise<types.TCloseOperationResp> => {
    const { session, step } = this.#operation(operationHandle)
    this.#operations.delete(keyOf(operationHandle.operationId))
    if (step) await session.closeOperation(step)
    return new types.TCloseOperationResp({ status: SUCCESS })
  }

  #operation({ operationId }: Handle): Operation {
    const operation = this.#operations.get(keyOf(operationId))
    if (!operation) throw new Error('Invalid OperationHandle')
    return operation
  }
}

/** The driver wants a real UUID. */
const identifier = (): types.THandleIdentifier =>
  new types.THandleIdentifier({
    guid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
    secret: randomBytes(16),
  })

const keyOf = ({ guid }: types.THandleIdentifier): string => guid.toString('hex')
