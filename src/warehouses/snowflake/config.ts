import { createPrivateKey } from 'node:crypto'
import type { ConnectionOptions } from 'snowflake-sdk'
import { EngageError } from '../../model/errors.ts'
import type { SecretKeyReference } from '../../model/resource.ts'
import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import type { WarehouseEnvironment } from '../port.ts'
import type { StagingPlace } from '../staging/folder.ts'
import { STATEMENT_MS } from '../statement-limit.ts'
import { word } from './text.ts'

export const CONNECT_MS = 30_000
export const CLOSE_MS = 10_000
/** Snowflake answers a request within 45 s, be it that the statement still runs; the driver then asks again. */
export const REQUEST_MS = 60_000

/**
 * What every session is set to: results in UTC, no endless wait for a lock or for a place in the warehouse's queue, and
 * nothing that goes on after its client is gone. `JSON_INDENT = 0` shows JSON in one line.
 */
export const SESSION_SETTINGS = `ALTER SESSION SET ${[
  "TIMEZONE = 'UTC'",
  'AUTOCOMMIT = TRUE',
  'ABORT_DETACHED_QUERY = TRUE',
  `STATEMENT_TIMEOUT_IN_SECONDS = ${STATEMENT_MS / 1000}`,
  'STATEMENT_QUEUED_TIMEOUT_IN_SECONDS = 600',
  'LOCK_TIMEOUT = 60',
  'QUOTED_IDENTIFIERS_IGNORE_CASE = FALSE',
  'ERROR_ON_NONDETERMINISTIC_MERGE = TRUE',
  'JSON_INDENT = 0',
  "TIMESTAMP_INPUT_FORMAT = 'AUTO'",
].join(' ')}`

/** The options of a connection, with the secrets read now. Throws EngageError SecretNotFound or AuthenticationFailed. */
export async function connectionOptions(
  settings: SnowflakeSettings,
  environment: WarehouseEnvironment,
): Promise<ConnectionOptions> {
  const { account, endpoint, warehouse, database, username, role } = settings
  return {
    account,
    ...(endpoint === undefined ? {} : { accessUrl: endpoint }),
    warehouse: word(warehouse),
    database: word(database),
    username,
    ...(role === undefined ? {} : { role: word(role) }),
    ...(await login(settings, environment)),
    application: 'EngageOps',
    queryTag: 'engageops',
    // Exact texts: a JavaScript number would round them.
    fetchAsString: ['Boolean', 'Number', 'JSON'],
    representNullAsStringNull: false,
    rowMode: 'array',
    timeout: REQUEST_MS,
    // A login that we gave up would otherwise go on for minutes. For statements see outage.ts.
    sfRetryMaxLoginRetries: 0,
  }
}

async function login(
  { username, privateKeySecretRef, privateKeyPassphraseSecretRef, oauthTokenSecretRef }: SnowflakeSettings,
  { secret }: WarehouseEnvironment,
): Promise<ConnectionOptions> {
  if (privateKeySecretRef) {
    const passphrase = privateKeyPassphraseSecretRef && (await secret(privateKeyPassphraseSecretRef))
    const key = readKey(await secret(privateKeySecretRef), passphrase, privateKeySecretRef, username)
    return { authenticator: 'SNOWFLAKE_JWT', privateKey: key }
  }
  if (oauthTokenSecretRef) return { authenticator: 'OAUTH', token: (await secret(oauthTokenSecretRef)).trim() }
  throw new TypeError('a snowflake block without a way to log in passed validation')
}

/** The key, without its passphrase, as the driver wants it. */
function readKey(
  pem: string,
  passphrase: string | undefined,
  { name, key }: SecretKeyReference,
  username: string,
): string {
  const refuse = (problem: string) =>
    new EngageError(
      'AuthenticationFailed',
      'Stalled',
      `spec.snowflake.privateKeySecretRef: ${name}/${key}, the key of ${username}, ${problem}`,
    )
  const isEncrypted = pem.includes('ENCRYPTED')
  if (isEncrypted && passphrase === undefined) {
    throw refuse('is encrypted: set privateKeyPassphraseSecretRef')
  }
  try {
    const parsed = createPrivateKey(passphrase === undefined ? pem : { key: pem, passphrase })
    if (parsed.asymmetricKeyType !== 'rsa') throw refuse(`is ${parsed.asymmetricKeyType}: Snowflake wants an RSA key`)
    return parsed.export({ type: 'pkcs8', format: 'pem' }).toString()
  } catch (error) {
    if (error instanceof EngageError) throw error
    throw refuse(
      isEncrypted
        ? 'cannot be decrypted: the passphrase of privateKeyPassphraseSecretRef is not its own'
        : 'is no private key: it must be PEM, as `openssl genrsa 2048 | openssl pkcs8 -topk8 -nocrypt` writes it',
    )
  }
}

export const identityOf = ({ account, database }: SnowflakeSettings): string =>
  `snowflake:${account.toLowerCase()}/${word(database) === database ? database.toUpperCase() : database}`

export type Staging = NonNullable<SnowflakeSettings['staging']>

const GOOGLE = { endpoint: 'https://storage.googleapis.com', region: 'auto' }

/** Where files for an external stage are put: buckets of Google are reached through their S3 API. */
export const stagingPlace = ({ stage: _, ...place }: Staging): StagingPlace => ({
  ...(place.url.startsWith('gcs:') ? GOOGLE : {}),
  ...place,
  field: 'spec.snowflake.staging.url',
})
