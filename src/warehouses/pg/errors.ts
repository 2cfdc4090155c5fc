import type { Consequence } from '../../model/errors.ts'
import { EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import { quote } from '../ansi.ts'
import type { PgSettings } from './connection.ts'

/** What the driver puts on its errors: a SQLSTATE of the server or a code of Node. Messages have no secret in them. */
export interface DriverError extends Error {
  code?: string
  detail?: string
  /** Of the object that an error is about. */
  schema?: string
  /** What the server was at: of COPY the line, the column and its value. */
  where?: string
}

/** What an error means for us: what a reader is told, and what follows from it. */
export interface Meaning {
  reason: Reason
  consequence: Consequence
  message: string
  /** A value or a row stands in the error: nothing else of it is kept. */
  tellsData?: true
}

export const meaning = (reason: Reason, consequence: Consequence, message: string): Meaning => ({
  reason,
  consequence,
  message,
})

/** An EngageError with the first meaning that an error has; its cause is the driver's error, unless that tells data. */
export function engageError(error: unknown, meaningOf: (error: DriverError) => Meaning): EngageError {
  if (error instanceof EngageError) return error
  const cause: DriverError = error instanceof Error ? error : new Error(String(error))
  const { reason, consequence, message, tellsData } = meaningOf(cause)
  return new EngageError(reason, consequence, message, tellsData || showsRow(cause) ? {} : { cause })
}

const NETWORK = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
])

/** A constraint was broken: the detail shows the row, which is about people. */
const showsRow = ({ code = '' }: DriverError): boolean => code.startsWith('23')

export const serverOf = ({ host, port }: PgSettings): string => `${host}:${port}`

/** The server's message, with its detail where that is not about people. */
export function textOf(error: DriverError): string {
  const { message, code = '', detail } = error
  const text = message || code
  return detail && !showsRow(error) ? `${text} (${detail})` : text
}

/** Connections that do not come about or break, and rights that are missing. */
export function connectionMeaning(error: DriverError, settings: PgSettings): Meaning | undefined {
  const { username, database } = settings
  const code = error.code ?? ''
  const message = error.message || code
  const server = serverOf(settings)
  if (code === '28P01' || code === '28000' || message.startsWith('SASL')) {
    return meaning(
      'AuthenticationFailed',
      'Stalled',
      `${server} refused user ${username}: ${message}; check the Secret`,
    )
  }
  if (code === '3D000') {
    const fix = `CREATE DATABASE ${quote(database)}`
    return meaning('DatabaseNotFound', 'Stalled', `${server} has no database ${database}: ${fix}`)
  }
  if (code === '42501') return meaning('PermissionDenied', 'Stalled', `${message}: ${grantFor(error, settings)}`)
  if (isTls(code, message)) {
    return meaning('TlsFailed', 'Stalled', `${server}: ${message}; set caSecretRef, or another sslMode`)
  }
  if (NETWORK.has(code) || /timeout expired|connection timeout/i.test(message)) {
    return meaning('WarehouseUnreachable', 'Wait', `${server} does not answer: ${message}`)
  }
  if (/^(08|57P0)/.test(code) || /connection terminated|not queryable|query read timeout/i.test(message)) {
    return meaning('WarehouseUnreachable', 'Retry', `${server} ended the connection: ${message}`)
  }
  return undefined
}

const isTls = (code: string, message: string): boolean =>
  /CERT|ERR_TLS|ERR_SSL|UNABLE_TO|EPROTO/.test(code) || /does not support SSL|SSL connection|self-signed/i.test(message)

/** The statement that gives the missing right. */
function grantFor({ message, detail }: DriverError, { username, database }: PgSettings): string {
  const user = quote(username)
  const name = /"((?:[^"]|"")*)"|(?:for|of) \w+ (\S+)$/.exec(message)
  const object = quote(name?.[1] ?? name?.[2] ?? '')
  if (detail?.includes('CONNECT')) return `GRANT CONNECT ON DATABASE ${quote(database)} TO ${user}`
  if (message.includes('temporary tables')) return `GRANT TEMPORARY ON DATABASE ${quote(database)} TO ${user}`
  if (message.includes('for database')) return `GRANT CREATE ON DATABASE ${quote(database)} TO ${user}`
  if (message.includes('for schema')) return `GRANT USAGE, CREATE ON SCHEMA ${object} TO ${user}`
  if (message.includes('must be owner')) return `ALTER TABLE ${object} OWNER TO ${user}`
  return `GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE ${object} TO ${user}`
}

/** A change that something else stands in the way of. */
export const dependents = (text: string): Meaning =>
  meaning('UnsupportedChange', 'Stalled', `${text}: drop what depends on it, and make it again afterwards`)

export const inTheWay = (message: string): Meaning =>
  meaning('WarehouseError', 'Retry', `another session was in the way: ${message}`)

const DUPLICATE_OBJECTS = new Set(['42710', '42P06', '42P07'])

/**
 * Whether two sessions made the same thing at once and this was the later one: `IF NOT EXISTS` looks before it writes into
 * the catalog, and finds the thing when it looks again.
 */
export function hasLostRace(sql: string, error: unknown): boolean {
  if (!/^CREATE \w+ IF NOT EXISTS /.test(sql) || !(error instanceof Error)) return false
  const { code = '', schema }: DriverError = error
  return DUPLICATE_OBJECTS.has(code) || (code === '23505' && schema === 'pg_catalog')
}
