import type { ConnectionOptions } from 'node:tls'
import type { ClientConfig } from 'pg'
import type { PostgresSettings } from '../../model/destination.ts'
import type { WarehouseEnvironment } from '../port.ts'

const CONNECT_MS = 10_000
const STATEMENT_MS = 30 * 60_000

/** What every session is set to: results in UTC, no endless wait for a lock, no transaction left open by a lost client. */
export const SESSION_SETTINGS = [
  "SET TIME ZONE 'UTC'",
  'SET DateStyle = ISO',
  'SET standard_conforming_strings = on',
  `SET statement_timeout = ${STATEMENT_MS}`,
  'SET lock_timeout = 30000',
  'SET idle_in_transaction_session_timeout = 60000',
  "SET work_mem = '128MB'",
  // Stages are temporary tables.
  "SET temp_buffers = '64MB'",
  'SET default_statistics_target = 10',
  'SET jit = off',
  'SET client_min_messages = warning',
].join('; ')

/** The options of a connection, with the secrets read now. Throws EngageError SecretNotFound. */
export async function connectionOptions(
  settings: PostgresSettings,
  { secret }: WarehouseEnvironment,
): Promise<ClientConfig> {
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

function tlsOptions({ sslMode, host }: PostgresSettings, ca: string | undefined): false | ConnectionOptions {
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

export const identityOf = ({ host, port, database }: PostgresSettings): string =>
  `postgres:${host.toLowerCase()}:${port}/${database}`
