import { Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import { Client, type ClientConfig, types } from 'pg'
import type { EngageError } from '../../model/errors.ts'
import type { PostgresSettings, RedshiftSettings } from '../../model/warehouse-block.ts'
import type { WarehouseEnvironment } from '../port.ts'
import { STATEMENT_MS } from '../statement-limit.ts'

/** What Postgres and Redshift have in common: the protocol, and the fields that a connection is described by. */
export type PgSettings = PostgresSettings | RedshiftSettings

const CONNECT_MS = 10_000

/** The options of a connection, with the secrets read now. Throws EngageError SecretNotFound. */
export async function connectionOptions(settings: PgSettings, { secret }: WarehouseEnvironment): Promise<ClientConfig> {
  const ca = settings.caSecretRef && (await secret(settings.caSecretRef))
  return {
    host: settings.host,
    port: settings.port,
    database: settings.database,
    user: settings.username,
    password: await secret(settings.passwordSecretRef),
    ssl: tlsOptions(settings, ca),
    application_name: 'engageops',
    connectionTimeoutMillis: CONNECT_MS,
    // Beside the server's own limit: a server that is gone enforces none.
    query_timeout: STATEMENT_MS + CONNECT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: 15_000,
  }
}

function tlsOptions({ sslMode, host }: PgSettings, ca: string | undefined): false | ConnectionOptions {
  const authority = ca === undefined ? {} : { ca }
  switch (sslMode) {
    case 'Disable':
      return false
    case 'Require':
      return { host, rejectUnauthorized: false }
    case 'VerifyCa':
      return { host, ...authority, checkServerIdentity: () => undefined }
    case 'VerifyFull':
      return { host, ...authority }
  }
}

/** Connects, within the deadline, and runs the statements that every session begins with. Throws what `explain` makes. */
export async function connect(
  options: ClientConfig,
  sessionSettings: string,
  explain: (error: unknown) => EngageError,
  signal: AbortSignal | undefined,
): Promise<Client> {
  const socket = new Socket()
  const client = new Client({ ...options, stream: () => socket, types: { getTypeParser } })
  // A connection that breaks while nobody waits for it is told by the next statement.
  client.on('error', () => undefined)
  const giveUp = () => void socket.destroy(new Error('connection timeout'))
  if (signal?.aborted) throw explain(new Error('connection timeout'))
  signal?.addEventListener('abort', giveUp)
  try {
    await client.connect()
    await client.query(sessionSettings)
    return client
  } catch (error) {
    socket.destroy()
    throw explain(error)
  } finally {
    signal?.removeEventListener('abort', giveUp)
  }
}

const PARSERS = new Map<number, (text: string) => string>([
  [types.builtins.BOOL, (text) => (text === 't' ? 'true' : 'false')],
  [types.builtins.TIMESTAMPTZ, (text) => text.replace(' ', 'T').replace(/\+00$/, 'Z')],
])

const asText = (text: string): string => text

const getTypeParser = (oid: number): ((text: string) => string) => PARSERS.get(oid) ?? asText
