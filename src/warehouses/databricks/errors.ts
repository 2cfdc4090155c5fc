import type { Consequence } from '../../model/errors.ts'
import { EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import { StatementFailed } from '../statement-failed.ts'
import { tookTooLong } from '../statement-limit.ts'
import { uploadPause } from '../upload-pause.ts'
import { withoutQueries } from '../urls.ts'
import { quote, volumeOf } from './sql.ts'

/** What an error of the driver, of Node or of the server tells. */
interface Facts {
  message: string
  /** Of HTTP. */
  status?: number
  /** Seconds after which the server wants to be asked again. */
  retryAfter?: number
  sqlState?: string
  /** Of Node. */
  code?: string
  /** Where the request went that had no answer. */
  asked?: URL
}

interface Meaning {
  reason: Reason
  consequence: Consequence
  message: string
}

const is = (reason: Reason, consequence: Consequence, message: string): Meaning => ({ reason, consequence, message })

/** The driver's errors are not kept as cause: some have the request in them, and so the token. */
export function toEngageError(error: unknown, settings: DatabricksSettings): EngageError {
  if (error instanceof EngageError) return error
  if (isLate(error)) return tooLate(settings)
  const { reason, consequence, message } = meaningOf(factsOf(error), settings)
  return new EngageError(reason, consequence, message)
}

/** The error of a statement, whose operation one had or was still asking for: StatementFailed when it is over for sure. */
export function ofStatementRun(error: unknown, settings: DatabricksSettings, hasOperation: boolean): EngageError {
  const told = toEngageError(error, settings)
  const isOver = hasOperation ? hasFailed(error) : REFUSALS.has(factsOf(error).status)
  return isOver ? new StatementFailed(told.reason, told.consequence, told.message) : told
}

/**
 * What HTTP refuses the request for a statement with, so that nothing of it takes place; the driver sends it once. Errors
 * of Thrift may be about an operation that was made.
 */
const REFUSALS = new Set<number | undefined>([400, 401, 403, 404, 429, 503])

/** Whether an operation has ended with an error. One that was cancelled, or timed out, says so before its work has stopped. */
const hasFailed = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errorCode' in error && error.errorCode === 'ERROR'

export const tooLate = ({ host, port }: DatabricksSettings): EngageError =>
  new EngageError('WarehouseUnreachable', 'Wait', `${host}:${port} did not answer in time`)

/**
 * The milliseconds to wait before a request that was refused is sent again: the warehouse is starting, or too busy, and
 * took nothing of it. Undefined for any other error.
 */
export function pauseOfRefusal(error: unknown): number | undefined {
  const { status, retryAfter } = factsOf(error)
  return status === 503 || status === 429 ? Math.min(retryAfter ?? 2, 30) * 1000 : undefined
}

/**
 * The same for a statement that was undone because another commit to its table came first, or because another session was
 * making what it makes, which IF NOT EXISTS finds when it looks again; not for ever.
 */
export function pauseOfConflict(error: unknown, attempt: number): number | undefined {
  if (!CONFLICT.test(factsOf(error).message) || attempt >= CONFLICTS) return undefined
  return 100 * 2 ** attempt * (1 + Math.random())
}

/**
 * The same for a file that the volume's storage could not take, or give up, just then. Each try asks for a new address, and
 * overwrites what another left.
 */
export function pauseOfMove(error: unknown, settings: DatabricksSettings, attempt: number): number | undefined {
  const facts = factsOf(error)
  const isPassing = PASSING.test(facts.message) || (isOfStorage(facts, settings) && NETWORK.test(facts.code ?? ''))
  return isPassing ? uploadPause(attempt) : undefined
}

/** What the driver says of an answer of the storage. */
const MOVE = /^HTTP error (\d{3})/
const PASSING = /^HTTP error (408|429|5\d\d)/

/** Files are moved by the driver, from and to addresses in the cloud's storage that the workspace signs. */
const isOfStorage = ({ asked }: Facts, { host, httpPath }: DatabricksSettings): boolean =>
  asked !== undefined && asked.pathname !== new URL(httpPath, `https://${host}`).pathname

/** How often a statement is tried that meets another commit. */
const CONFLICTS = 5

const CONFLICT =
  /DELTA_CONCURRENT_|DELTA_(METADATA|PROTOCOL)_CHANGED|(Concurrent\w+|MetadataChanged|ProtocolChanged)Exception|(SCHEMA|TABLE|TABLE_OR_VIEW)_ALREADY_EXISTS|DELTA_CREATE_TABLE_WITH_NON_EMPTY_LOCATION/

/** Whether a deadline or a signal ended the waiting. */
const isLate = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || error.name === 'AbortError')

/** Whether a request had no answer within the driver's own limit. */
export const isUnanswered = (error: unknown): boolean => factsOf(error).message.includes('Request timed out')

function meaningOf(facts: Facts, settings: DatabricksSettings): Meaning {
  return ofStorage(facts, settings) ?? ofTransport(facts, settings) ?? ofStatement(facts, settings)
}

const NETWORK =
  /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|EPIPE|UND_ERR_\w*(TIMEOUT|SOCKET|ABORTED))$/
const TLS = /CERT|ERR_TLS|ERR_SSL|UNABLE_TO|EPROTO/

/** What the way to the storage of the volume tells. */
function ofStorage(facts: Facts, settings: DatabricksSettings): Meaning | undefined {
  const { message, code = '', asked } = facts
  const volume = `stagingVolume ${settings.stagingVolume}`
  const status = MOVE.exec(message)?.[1]
  if (status === '403') {
    const fix = "let this address through the storage's firewall and policy"
    return is('PermissionDenied', 'Stalled', `the storage of ${volume} refuses files (${message}): ${fix}`)
  }
  if (status !== undefined) {
    return is('WarehouseUnreachable', 'Retry', `the storage of ${volume} does not take files: ${message}`)
  }
  if (!asked || !isOfStorage(facts, settings)) return undefined
  if (TLS.test(code)) {
    return is(
      'TlsFailed',
      'Stalled',
      `${asked.host}, the storage of ${volume}: ${code}; set caSecretRef to its authority`,
    )
  }
  const fix = 'let it through the firewall'
  return is(
    'WarehouseUnreachable',
    'Wait',
    `the storage of ${volume}, ${asked.host}, does not answer (${code || message}): ${fix}`,
  )
}

/** What the way to the warehouse tells. */
function ofTransport({ message, status, code = '' }: Facts, settings: DatabricksSettings): Meaning | undefined {
  const { host, port, httpPath, clientId } = settings
  const server = `${host}:${port}`
  if (TLS.test(code)) return is('TlsFailed', 'Stalled', `${server}: ${message}; set caSecretRef to its authority`)
  if (NETWORK.test(code)) return is('WarehouseUnreachable', 'Wait', `${server} does not answer: ${message}`)
  switch (status) {
    case 429:
    case 503:
      return starting(settings)
    case 401:
      return is('AuthenticationFailed', 'Stalled', `${host} no longer takes the token of service principal ${clientId}`)
    case 403:
      return is(
        'PermissionDenied',
        'Stalled',
        `${message}: give service principal ${clientId} the permission CAN USE on the SQL warehouse at ${httpPath}`,
      )
    case 400:
    case 404:
      return is('DatabaseNotFound', 'Stalled', `${host} has no SQL warehouse at ${httpPath}: ${message}`)
  }
  if (status !== undefined) return is('WarehouseUnreachable', 'Retry', `${host} failed: ${message}`)
  if (/^Request timed out|socket hang up|premature close/i.test(message)) {
    return is('WarehouseUnreachable', 'Retry', `${server} ended the connection: ${message}`)
  }
  if (/Invalid (Session|Operation)Handle|session was closed|was closed by a client/i.test(message)) {
    return is('WarehouseUnreachable', 'Retry', `${host} ended the session: ${message}`)
  }
  return undefined
}

export const starting = ({ host, httpPath }: DatabricksSettings): EngageError =>
  new EngageError(
    'WarehouseUnreachable',
    'Wait',
    `the SQL warehouse at ${httpPath} of ${host} is starting, or too busy`,
  )

/** What the warehouse says of a statement. */
function ofStatement(facts: Facts, settings: DatabricksSettings): Meaning {
  const { catalog, clientId, stagingVolume } = settings
  const message = withoutData(facts)
  if (CONFLICT.test(message)) return is('WarehouseError', 'Retry', `another session was in the way: ${message}`)
  if (/NO_SUCH_CATALOG|CATALOG_(DOES_)?NOT_(FOUND|EXIST)/.test(message)) {
    return is('DatabaseNotFound', 'Stalled', `there is no catalog ${catalog}: CREATE CATALOG ${quote(catalog)}`)
  }
  if (/VOLUME_(DOES_NOT_EXIST|NOT_FOUND)|Volume .* (does not exist|not found)/i.test(message)) {
    return is(
      'DatabaseNotFound',
      'Stalled',
      `there is no volume ${stagingVolume}: CREATE VOLUME ${volumeOf(stagingVolume ?? '').volume}`,
    )
  }
  if (facts.sqlState === '42501' || /PERMISSION_DENIED|INSUFFICIENT_(PERMISSIONS|PRIVILEGES)/.test(message)) {
    return is('PermissionDenied', 'Stalled', `${message}: ${grantFor(message, catalog, clientId)}`)
  }
  if (/COLUMN_MAPPING|DELTA_UNSUPPORTED_(DROP|RENAME)_COLUMN/.test(message)) {
    const fix = "ALTER TABLE ... SET TBLPROPERTIES ('delta.columnMapping.mode' = 'name')"
    return is('UnsupportedChange', 'Stalled', `${message}: ${fix}, then it can be changed`)
  }
  if (/^\[[A-Z_.]*(QUOTA|EXHAUSTED|LIMIT_EXCEEDED)/.test(message)) return is('WarehouseFull', 'Wait', message)
  if (facts.sqlState === '57KD0' || OUT_OF_TIME.test(message)) {
    const fix = 'use a larger SQL warehouse, or a smaller schemaPolicy.dedupeWindow'
    return is('WarehouseError', 'Stalled', tookTooLong(message, fix))
  }
  if (ENDED.test(message)) {
    return is('WarehouseError', 'Retry', `a statement was ended before it was done: ${message}`)
  }
  return is('WarehouseError', 'Stalled', `Databricks refused a statement: ${message}`)
}

const OUT_OF_TIME = /^\[QUERY_EXECUTION_TIMEOUT_EXCEEDED\]|^Query timed out|^The operation is in a timed out/
/** By another limit, or by somebody who cancelled it. */
const ENDED = /^\[[A-Z_.]*(TIMEOUT|CANCEL)|^Query was cancell?ed|^The operation was canceled/

/** Values of rows are about people: a message of bad data keeps its class, others their first line, without the statement. */
function withoutData({ message, sqlState = '' }: Facts): string {
  const [line = ''] = message.split(/\n|; line \d/)
  if (/^2[23]/.test(sqlState))
    return `${/^\[[A-Z0-9_.]+\]/.exec(line)?.[0] ?? ''} a value does not fit [${sqlState}]`.trim()
  return line.slice(0, 500)
}

/** The statement that gives the missing right, where the message names it. */
function grantFor(message: string, catalog: string, clientId: string): string {
  const principal = quote(clientId)
  const named = /does not have (?:permission )?([A-Z][A-Z ]+?) on (catalog|schema|table|volume) ['"`]?([\w.`-]+)/i.exec(
    message,
  )
  if (!named)
    return `GRANT USE CATALOG, USE SCHEMA, CREATE SCHEMA, SELECT, MODIFY ON CATALOG ${quote(catalog)} TO ${principal}`
  const [, right = '', kind = '', name = ''] = named
  const object = name.replaceAll('`', '').split('.').map(quote).join('.')
  return `GRANT ${right.toUpperCase()} ON ${kind.toUpperCase()} ${object} TO ${principal}`
}

/** The driver throws errors of several kinds, one of which is no Error. */
function factsOf(error: unknown): Facts {
  if (typeof error !== 'object' || error === null) return { message: String(error) }
  const told = 'message' in error && typeof error.message === 'string' ? error.message : String(error)
  const cause = 'cause' in error ? factsOf(error.cause) : undefined
  const facts: Facts = { message: withoutQueries(told) || (cause?.message ?? '') }
  const asked = /^request to (\S+) failed/.exec(told)?.[1]
  if (asked !== undefined && URL.canParse(asked)) facts.asked = new URL(asked)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : cause?.code
  if (code !== undefined) facts.code = code
  if ('response' in error && typeof error.response === 'object' && error.response !== null) {
    const { response } = error
    if ('sqlState' in response && typeof response.sqlState === 'string') facts.sqlState = response.sqlState
    if ('headers' in response && response.headers instanceof Object) Object.assign(facts, ofHeaders(response.headers))
  }
  const status = 'statusCode' in error ? error.statusCode : /^Hive driver: (\d{3})/.exec(told)?.[1]
  if (status !== undefined) facts.status = Number(status)
  return facts
}

function ofHeaders(headers: object): Partial<Facts> {
  if (!('get' in headers) || typeof headers.get !== 'function') return {}
  const message: unknown = headers.get('x-thriftserver-error-message')
  const seconds = Number(headers.get('retry-after') ?? Number.NaN)
  return {
    ...(typeof message === 'string' && { message }),
    ...(Number.isFinite(seconds) && { retryAfter: seconds }),
  }
}
