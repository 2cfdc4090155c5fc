import type { RedshiftSettings } from '../../model/destination.ts'
import type { Consequence } from '../../model/errors.ts'
import { EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import { quote } from '../ansi.ts'

export const DUPLICATE_COLUMN = '42701'
export const UNDEFINED_COLUMN = '42703'

/** What the driver puts on its errors: a SQLSTATE of the server or a code of Node. Messages have no secret in them. */
interface DriverError extends Error {
  code?: string
  detail?: string
}

interface Meaning {
  reason: Reason
  consequence: Consequence
  message: string
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

/** Bad values and broken constraints: the detail shows the row, which is about people. */
const TELLS_DATA = /^(22|23)/

export function toEngageError(error: unknown, settings: RedshiftSettings): EngageError {
  if (error instanceof EngageError) return error
  const cause = error instanceof Error ? error : new Error(String(error))
  const { reason, consequence, message } = meaningOf(cause, settings)
  return new EngageError(reason, consequence, message, { cause })
}

function meaningOf(error: DriverError, settings: RedshiftSettings): Meaning {
  const { username, database } = settings
  const code = error.code ?? ''
  const server = `${settings.host}:${settings.port}`
  const message = error.message || code
  const detail = error.detail && !TELLS_DATA.test(code) ? `${message} (${error.detail})` : message
  const is = (reason: Reason, consequence: Consequence, text: string): Meaning => ({
    reason,
    consequence,
    message: text,
  })
  if (code === '28P01' || code === '28000' || message.startsWith('SASL')) {
    return is('AuthenticationFailed', 'Stalled', `${server} refused user ${username}: ${message}; check the Secret`)
  }
  if (code === '3D000') {
    return is(
      'DatabaseNotFound',
      'Stalled',
      `${server} has no database ${database}: CREATE DATABASE ${quote(database)}`,
    )
  }
  if (code === '42501') return is('PermissionDenied', 'Stalled', `${message}: ${grantFor(error, settings)}`)
  if (code === '25006') return is('PermissionDenied', 'Stalled', `${server} is read-only: use the primary server`)
  if (isTls(code, message)) {
    return is('TlsFailed', 'Stalled', `${server}: ${message}; set caSecretRef, or another sslMode`)
  }
  if (NETWORK.has(code) || /timeout expired|connection timeout/i.test(message)) {
    return is('WarehouseUnreachable', 'Wait', `${server} does not answer: ${message}`)
  }
  if (/^(08|57P0)/.test(code) || /connection terminated|not queryable|query read timeout/i.test(message)) {
    return is('WarehouseUnreachable', 'Retry', `${server} ended the connection: ${message}`)
  }
  if (code.startsWith('53')) return is('WarehouseFull', 'Wait', `${server}: ${detail}`)
  if (code === '0A000' || code === '2BP01') {
    return is('UnsupportedChange', 'Stalled', `${detail}: drop what depends on it, and make it again afterwards`)
  }
  if (code === '42P10') {
    return is('AdoptionRefused', 'Stalled', 'the table has no primary key or unique index on its key columns: add one')
  }
  if (code === '54011' || code === '54000') return is('ColumnLimit', 'Stalled', detail)
  if (['40001', '40P01', '55P03', '57014', '23505', '25P03'].includes(code)) {
    return is('WarehouseError', 'Retry', `another session was in the way: ${message}`)
  }
  return is('WarehouseError', 'Stalled', `Postgres refused a statement: ${detail}${code ? ` [${code}]` : ''}`)
}

const isTls = (code: string, message: string): boolean =>
  /CERT|ERR_TLS|ERR_SSL|UNABLE_TO|EPROTO/.test(code) || /does not support SSL|SSL connection|self-signed/i.test(message)

/** The statement that gives the missing right. */
function grantFor({ message, detail }: DriverError, { username, database }: RedshiftSettings): string {
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
