import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { buffer } from 'node:stream/consumers'
import types from '@databricks/sql/thrift/TCLIService_types.js'
import { afterEach, expect, it } from 'vitest'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { StatementFailed } from '../../src/warehouses/statement-failed.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { selfSigned } from './certificate.ts'
import { answerThrift, methodOf } from './databricks/thrift-http.ts'

/** How HTTP answers a request instead of the warehouse. */
type Fault = number | 'HangUp'
type State = 'RUNNING' | 'ERROR' | 'CANCELED' | 'TIMEDOUT' | 'FINISHED'

const SUCCESS = new types.TStatus({ statusCode: types.TStatusCode.SUCCESS_STATUS })
const HANDLE = new types.THandleIdentifier({
  guid: Buffer.from(randomUUID().replaceAll('-', ''), 'hex'),
  secret: Buffer.alloc(16, 2),
})

/** A SQL warehouse with one statement, which is in some state: no data, only Thrift and how HTTP may fail. */
class OneStatement {
  readonly #faults: Record<string, Fault>
  readonly #state: State
  /** Methods of Thrift that were asked for, in order. */
  readonly asked: string[] = []
  readonly #identity = selfSigned('localhost')
  readonly #server = createServer({ cert: this.#identity.certificate, key: this.#identity.key }, (request, response) =>
    this.#answer(request, response),
  )

  constructor(state: State, faults: Record<string, Fault>) {
    this.#state = state
    this.#faults = faults
  }

  async connect(): Promise<Session> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new TypeError('a TCP server has a port')
    const settings = {
      host: 'localhost',
      port: address.port,
      httpPath: '/sql/1.0/warehouses/one',
      catalog: 'main',
      clientId: 'principal',
      clientSecretSecretRef: { name: 'warehouse', key: 'secret' },
      caSecretRef: { name: 'warehouse', key: 'ca' },
    }
    const secret = async ({ key }: { key: string }) => (key === 'ca' ? this.#identity.certificate : 'secret')
    return (await openWarehouse({ kind: 'databricks', settings }, { baseDir: '.', secret })).connect()
  }

  stop(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request)
    if (request.url === '/oidc/v1/token') {
      response.end(JSON.stringify({ access_token: 'token', expires_in: 3600 }))
      return
    }
    const method = methodOf(body)
    this.asked.push(method)
    const fault = this.#faults[method]
    if (fault === 'HangUp') {
      response.destroy()
      return
    }
    if (fault !== undefined) {
      response.writeHead(fault, { 'x-thriftserver-error-message': 'not now' }).end()
      return
    }
    answerThrift(response, this.#methods, body)
  }

  /** A method with one parameter answers by a promise. */
  readonly #methods = {
    OpenSession: async (_request: object) =>
      new types.TOpenSessionResp({
        status: SUCCESS,
        serverProtocolVersion: types.TProtocolVersion.SPARK_CLI_SERVICE_PROTOCOL_V8,
        sessionHandle: new types.TSessionHandle({ sessionId: HANDLE }),
      }),
    CloseSession: async (_request: object) => new types.TCloseSessionResp({ status: SUCCESS }),
    ExecuteStatement: async (_request: object) =>
      new types.TExecuteStatementResp({
        status: SUCCESS,
        operationHandle: new types.TOperationHandle({
          operationId: HANDLE,
          operationType: types.TOperationType.EXECUTE_STATEMENT,
          hasResultSet: true,
        }),
      }),
    GetOperationStatus: async (_request: object) =>
      new types.TGetOperationStatusResp({
        status: SUCCESS,
        operationState: types.TOperationState[`${this.#state}_STATE`],
        displayMessage: `the statement is ${this.#state}`,
      }),
    CancelOperation: async (_request: object) => new types.TCancelOperationResp({ status: SUCCESS }),
    CloseOperation: async (_request: object) => new types.TCloseOperationResp({ status: SUCCESS }),
  }
}

let server: OneStatement
afterEach(() => server?.stop())

const run = async (state: State, faults: Record<string, Fault>): Promise<unknown> => {
  server = new OneStatement(state, faults)
  await using session = await server.connect()
  const error: unknown = await session.execute('MERGE …').catch((thrown: unknown) => thrown)
  if (state === 'RUNNING' && server.asked.includes('GetOperationStatus')) {
    await eventually('it is told to end', 10, async () => server.asked.includes('CancelOperation'))
  }
  return error
}

it.each<[string, State, Record<string, Fault>, string]>([
  ['its own error', 'ERROR', {}, 'WarehouseError'],
  ['a refusal for want of a right, before it began', 'FINISHED', { ExecuteStatement: 403 }, 'PermissionDenied'],
  ['a refusal of the token, before it began', 'FINISHED', { ExecuteStatement: 401 }, 'AuthenticationFailed'],
])('a statement is over after %s', async (_name, state, faults, reason) => {
  const error = await run(state, faults)
  expect(error).toMatchObject({ reason })
  expect(error).toBeInstanceOf(StatementFailed)
})

it.each<[string, State, Record<string, Fault>, string]>([
  ['no right to ask for its state', 'RUNNING', { GetOperationStatus: 403 }, 'PermissionDenied'],
  ['a token that is no longer taken', 'RUNNING', { GetOperationStatus: 401 }, 'AuthenticationFailed'],
  ['a state that is not found', 'RUNNING', { GetOperationStatus: 404 }, 'DatabaseNotFound'],
  ['a lost answer to its request', 'RUNNING', { ExecuteStatement: 'HangUp' }, 'WarehouseUnreachable'],
  ['a result that is refused', 'FINISHED', { GetResultSetMetadata: 403 }, 'PermissionDenied'],
  ['a cancellation, which goes ahead of its work', 'CANCELED', {}, 'WarehouseError'],
  ['a timeout, which goes ahead of its work', 'TIMEDOUT', {}, 'WarehouseError'],
])('a statement may still run after %s', async (_name, state, faults, reason) => {
  const error = await run(state, faults)
  expect(error).toMatchObject({ reason })
  expect(error).not.toBeInstanceOf(StatementFailed)
})
