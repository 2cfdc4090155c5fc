import { type Consequence, EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import { tookTooLong } from '../statement-limit.ts'
import { withoutQueries } from '../urls.ts'
import { grantFor, nameIn } from './rights.ts'
import { word } from './text.ts'

/**
 * What the driver puts on its errors: a code of the server (six digits, as text) or its own (a number), the id of the query
 * beside it, and what Node said where the network failed.
 */
interface DriverError extends Error {
  code?: string | number
  data?: { queryId?: string }
  response?: { statusCode?: number }
  cause?: unknown
}

type Meaning = [reason: Reason, consequence: Consequence, message: string]

/** An error of the driver as one of ours. Nothing else of it is kept: it holds the request, and rows of people. */
export function toEngageError(error: unknown, settings: SnowflakeSettings): EngageError {
  if (error instanceof EngageError) return error
  const thrown: DriverError = error instanceof Error ? error : new Error(String(error))
  const [reason, consequence, message] =
    networkMeaning(thrown, settings) ??
    loginMeaning(thrown, settings) ??
    stagingMeaning(thrown, settings) ??
    statementMeaning(thrown, settings)
  const query = thrown.data?.queryId ? `, query ${thrown.data.queryId}` : ''
  const told = `${withoutQueries(message)} [${codeOf(thrown) || 'no code'}${query}]`
  return new EngageError(reason, consequence, told)
}

/**
 * What an upload ended with that the storage of the account did not take: of that the driver makes a text alone, without a
 * code, with the paths of the local file behind it. Undefined for other errors.
 */
export function storageFailure(error: unknown, { account }: SnowflakeSettings): EngageError | undefined {
  if (!(error instanceof Error) || error instanceof EngageError || 'code' in error) return undefined
  const [told = ''] = withoutQueries(error.message)
    .replace(/^(Error: )+/, '')
    .split(/ file=|, \w+ '|\n/)
  return new EngageError(
    'WarehouseUnreachable',
    'Retry',
    `the storage of ${account}, where PUT sends files, does not take them (${told.slice(0, 200)}): let it through the firewall, SELECT SYSTEM$ALLOWLIST() names its hosts`,
  )
}

/** Requests failed, by the network's error code or `HTTP nnn`. */
export const outOfReach = (failure: string, settings: SnowflakeSettings): EngageError =>
  new EngageError('WarehouseUnreachable', 'Wait', `${serverOf(settings)} does not answer: ${failure}`)

/** Something took too long: the server is there, but says nothing. */
export const tooLate = (what: string, settings: SnowflakeSettings): EngageError =>
  new EngageError('WarehouseUnreachable', 'Wait', `${serverOf(settings)} does not answer in time: ${what}`)

const codeOf = ({ code }: DriverError): string => String(code ?? '')

/** Where an account is looked for. */
const serverOf = ({ account, endpoint }: SnowflakeSettings): string =>
  endpoint ?? `https://${account}.snowflakecomputing.com`

/** The driver's own: a session that the server has ended cannot be used. */
const ENDED = /^40700[12]$/
/** The driver's own: no connection, no success, no JSON. */
const NETWORK = /^(40100[1-4]|40200[12])$/
const TLS = /CERT|TLS|SSL|UNABLE_TO|EPROTO|OCSP|CRL/

function networkMeaning(error: DriverError, settings: SnowflakeSettings): Meaning | undefined {
  const code = codeOf(error)
  const server = serverOf(settings)
  if (/^41[23]/.test(code)) return ['TlsFailed', 'Stalled', `${server}: ${error.message}`]
  if (ENDED.test(code)) return ['WarehouseUnreachable', 'Retry', `${server} ended the session`]
  if (!NETWORK.test(code)) return undefined
  const { statusCode } = error.response ?? {}
  if (statusCode === 403 || statusCode === 404) {
    return [
      'WarehouseUnreachable',
      'Stalled',
      `${server} is no Snowflake account (HTTP ${statusCode}): check spec.snowflake.account and endpoint`,
    ]
  }
  if (statusCode !== undefined) return ['WarehouseUnreachable', 'Wait', `${server} answers HTTP ${statusCode}`]
  const network = networkCodeOf(error)
  if (TLS.test(network)) {
    return ['TlsFailed', 'Stalled', `${server}: its certificate was not accepted (${network}): check who answers there`]
  }
  return ['WarehouseUnreachable', 'Wait', `${server} does not answer: ${network || error.message}`]
}

/** What Node called the failure; the driver wraps it once or twice. */
function networkCodeOf(error: DriverError): string {
  for (let cause = error.cause, depth = 0; cause instanceof Error && depth < 4; cause = cause.cause, depth += 1) {
    if ('code' in cause && typeof cause.code === 'string') return cause.code
  }
  return ''
}

/** The errors of logins, 390nnn. */
function loginMeaning(error: DriverError, settings: SnowflakeSettings): Meaning | undefined {
  const code = codeOf(error)
  if (!/^39\d{4}$/.test(code)) return undefined
  const { username, account, role } = settings
  const message = error.message.trim()
  switch (code) {
    case '390104':
    case '390111':
    case '390112':
    case '390114':
      return ['WarehouseUnreachable', 'Retry', `Snowflake ended the session: ${message}`]
    case '390144':
      return [
        'AuthenticationFailed',
        'Stalled',
        `${account} refused the key of ${username}: ALTER USER ${username} SET RSA_PUBLIC_KEY = '...' to the public half of it, and check the clock`,
      ]
    case '390303':
    case '390318':
      return [
        'AuthenticationFailed',
        'Wait',
        `${account} refused the OAuth token of ${username}: ${message}; renew the Secret of oauthTokenSecretRef`,
      ]
    case '390189':
      return ['PermissionDenied', 'Stalled', `${message}: GRANT ROLE ${role ?? '...'} TO USER ${username}`]
    case '390420':
    case '390422':
      return [
        'AuthenticationFailed',
        'Stalled',
        `a network policy of ${account} refused this address: ${message}; add it to the policy's ALLOWED_IP_LIST`,
      ]
    default:
      return ['AuthenticationFailed', 'Stalled', `${account} refused user ${username}: ${message}`]
  }
}

export const noDatabase = (settings: SnowflakeSettings): EngageError => {
  const { account } = settings
  const database = word(settings.database)
  return new EngageError(
    'DatabaseNotFound',
    'Stalled',
    `${account} has no database ${database} that the role may use: CREATE DATABASE ${database}, or ${grantFor('DATABASE', database, settings)}`,
  )
}

export const noWarehouse = (settings: SnowflakeSettings): EngageError => {
  const { account } = settings
  const warehouse = word(settings.warehouse)
  return new EngageError(
    'PermissionDenied',
    'Stalled',
    `${account} has no warehouse ${warehouse} that the role may use: CREATE WAREHOUSE ${warehouse}, or ${grantFor('WAREHOUSE', warehouse, settings)}`,
  )
}

/** What a COPY says that cannot read the files of an external stage. */
function stagingMeaning(error: DriverError, { staging }: SnowflakeSettings): Meaning | undefined {
  if (!staging) return undefined
  const { stage, url } = staging
  const message = error.message.trim()
  if (/remote file .* was not found/is.test(message)) {
    return [
      'WarehouseError',
      'Stalled',
      `stage ${stage} does not have the files that were put into ${url}: write the URL that DESC STAGE ${stage} shows into spec.snowflake.staging.url`,
    ]
  }
  if (codeOf(error) === '091003' || /not allowed by integration/i.test(message)) {
    return [
      'PermissionDenied',
      'Stalled',
      `stage ${stage}: ${message}: let its storage integration read ${url} (STORAGE_ALLOWED_LOCATIONS, and the role of the cloud)`,
    ]
  }
  return undefined
}

/** Bad values, broken constraints: their messages show the value, which is about people. */
const TELLS_DATA = /^100\d{3}$/
/** Locks, deadlocks, statements that were cut off: another session was in the way, or an administrator. */
const IN_THE_WAY = new Set(['000604', '000625', '000626', '000629', '000630', '000637', '000638'])

function statementMeaning(error: DriverError, settings: SnowflakeSettings): Meaning {
  const code = codeOf(error)
  const message = error.message.replace(/^SQL (compilation|access control|execution) error:\s*/, '').trim()
  const warehouse = word(settings.warehouse)
  if (TELLS_DATA.test(code))
    return ['WarehouseError', 'Stalled', 'Snowflake refused a value: it does not fit its column']
  // The wait for a place in the warehouse's queue is another limit, and is not paid for.
  if (code === '000630' && !/queue/i.test(message)) {
    const fix = 'use a larger warehouse, or a smaller schemaPolicy.dedupeWindow'
    return ['WarehouseError', 'Stalled', tookTooLong(message, fix)]
  }
  if (IN_THE_WAY.has(code)) return ['WarehouseError', 'Retry', `a statement was cut off: ${message}`]
  switch (code) {
    case '000606':
      return [
        'WarehouseError',
        'Wait',
        `warehouse ${warehouse} is suspended or may not be used: ALTER WAREHOUSE ${warehouse} SET AUTO_RESUME = TRUE, or ${grantFor('WAREHOUSE', warehouse, settings)}`,
      ]
    case '090073':
      return ['WarehouseFull', 'Wait', `${message}: raise the resource monitor's quota, or wait for its next interval`]
    case '003001':
    case '003041':
      return ['PermissionDenied', 'Stalled', `${message}: ${grantFor(...nameIn(message), settings)}`]
    case '002003':
    case '002043':
      return ['WarehouseError', 'Stalled', `${message}: it is not there, or ${grantFor(...nameIn(message), settings)}`]
    case '002108':
    case '002023':
      return ['UnsupportedChange', 'Stalled', message]
    default:
      return ['WarehouseError', 'Stalled', `Snowflake refused a statement: ${message}`]
  }
}
