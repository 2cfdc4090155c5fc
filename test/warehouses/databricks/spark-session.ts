import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import TCLIService from '@databricks/sql/thrift/TCLIService.js'
import types from '@databricks/sql/thrift/TCLIService_types.js'
import thrift from 'thrift'

export type Handle = types.TOperationHandle

/** What Spark says of a statement that failed, as Databricks would word it. */
export class SparkError extends Error {
  readonly sqlState: string

  constructor(text: string, sqlState: string) {
    super(text.replace(/^[\s\S]*?Error running query: (\[[A-Z_.]+\] )?([\w.$]+: )?/, '').replace(/\n\tat [\s\S]*$/, ''))
    this.sqlState = sqlState
  }
}

const { TOperationState: State, TStatusCode } = types
const ENDED = [State.CANCELED_STATE, State.CLOSED_STATE, State.ERROR_STATE, State.TIMEDOUT_STATE]
const LONGEST_POLL_MS = 50

/** One session of a Spark Thrift server, over a connection of its own: Spark answers those of one connection in turn. */
export class SparkSession {
  readonly #client: TCLIService.Client
  readonly #connection: ReturnType<typeof thrift.createConnection>
  readonly #session: types.TSessionHandle

  private constructor(
    client: TCLIService.Client,
    connection: ReturnType<typeof thrift.createConnection>,
    session: types.TSessionHandle,
  ) {
    this.#client = client
    this.#connection = connection
    this.#session = session
  }

  static async open(port: number): Promise<SparkSession> {
    const connection = thrift.createConnection('127.0.0.1', port, {
      transport: thrift.TBufferedTransport,
      protocol: thrift.TBinaryProtocol,
    })
    // A connection that breaks makes its calls fail.
    connection.on('error', () => undefined)
    const client = thrift.createClient(TCLIService.Client, connection)
    const request = new types.TOpenSessionReq({
      client_protocol: types.TProtocolVersion.HIVE_CLI_SERVICE_PROTOCOL_V10,
      username: 'test',
      password: 'test',
    })
    const { sessionHandle, status } = await promisify(client.OpenSession.bind(client))(request)
    if (!sessionHandle) throw new Error(`Spark opens no session: ${status.errorMessage}`)
    return new SparkSession(client, connection, sessionHandle)
  }

  /** Runs a statement to its end. `started` is told its handle, by which it can be cancelled. */
  async run(statement: string, started: (handle: Handle) => void = () => undefined): Promise<Handle> {
    const request = new types.TExecuteStatementReq({ sessionHandle: this.#session, statement, runAsync: true })
    const { operationHandle, status } = await promisify(this.#client.ExecuteStatement.bind(this.#client))(request)
    if (!operationHandle || status.statusCode === TStatusCode.ERROR_STATUS) {
      throw new SparkError(status.errorMessage ?? '', status.sqlState ?? '')
    }
    started(operationHandle)
    for (let wait = 2; ; wait = Math.min(wait * 2, LONGEST_POLL_MS)) {
      const state = await promisify(this.#client.GetOperationStatus.bind(this.#client))(
        new types.TGetOperationStatusReq({ operationHandle }),
      )
      if (state.operationState === State.FINISHED_STATE) return operationHandle
      if (ENDED.some((ended) => ended === state.operationState)) {
        throw new SparkError(state.errorMessage ?? 'Query was cancelled', state.sqlState ?? 'HY008')
      }
      await sleep(wait)
    }
  }

  /** The rows of a query, as texts. */
  async rows(query: string): Promise<string[][]> {
    const handle = await this.run(query)
    const { results } = await this.fetch(handle, 10_000)
    await this.closeOperation(handle)
    const columns = (results?.columns ?? []).map(valuesOf)
    return (columns[0] ?? []).map((_, row) => columns.map((values) => String(values[row] ?? '')))
  }

  metadata(operationHandle: Handle): Promise<types.TGetResultSetMetadataResp> {
    return promisify(this.#client.GetResultSetMetadata.bind(this.#client))(
      new types.TGetResultSetMetadataReq({ operationHandle }),
    )
  }

  fetch(operationHandle: Handle, maxRows: number): Promise<types.TFetchResultsResp> {
    const request = new types.TFetchResultsReq({
      operationHandle,
      orientation: types.TFetchOrientation.FETCH_NEXT,
      maxRows: new thrift.Int64(maxRows),
    })
    return promisify(this.#client.FetchResults.bind(this.#client))(request)
  }

  async cancel(operationHandle: Handle): Promise<void> {
    await promisify(this.#client.CancelOperation.bind(this.#client))(new types.TCancelOperationReq({ operationHandle }))
  }

  async closeOperation(operationHandle: Handle): Promise<void> {
    await promisify(this.#client.CloseOperation.bind(this.#client))(new types.TCloseOperationReq({ operationHandle }))
  }

  async close(): Promise<void> {
    const request = new types.TCloseSessionReq({ sessionHandle: this.#session })
    await promisify(this.#client.CloseSession.bind(this.#client))(request)
    this.#connection.end()
  }
}

type Value = string | number | bigint | boolean | null

/** The values of a column, whatever its type. */
export function valuesOf(column: types.TColumn | undefined): Value[] {
  const found = Object.values(column ?? {}).find((values) => values !== null && values !== undefined)
  if (!isColumn(found)) return []
  const { values, nulls } = found
  return values.map((value, row) => {
    if (((nulls[row >> 3] ?? 0) >> (row & 7)) & 1) return null
    return value instanceof thrift.Int64 ? value.buffer.readBigInt64BE(value.offset) : value
  })
}

interface ColumnValues {
  values: (string | number | boolean | InstanceType<typeof thrift.Int64>)[]
  nulls: Buffer
}

const isColumn = (value: unknown): value is ColumnValues =>
  typeof value === 'object' && value !== null && 'values' in value && 'nulls' in value
