import { rootCertificates } from 'node:tls'
import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import type { WarehouseEnvironment } from '../port.ts'
import { RETRY_MS, STATEMENT_MS } from '../statement-limit.ts'

/** Deadlines, in milliseconds. */
export const TIMES = {
  /** The workspace gives a token, or cannot be reached. */
  token: 20_000,
  /** A stopped SQL warehouse starts: some need minutes. */
  start: 10 * 60_000,
  /** Beside the server's own limit: a server that is gone enforces none. */
  statement: STATEMENT_MS + 2 * 60_000,
  retry: RETRY_MS,
  /** The longest that a single request may wait for an answer. */
  answer: 2 * 60_000,
  close: 10_000,
}

/** Settings of the server, for every statement of a session. */
export const SESSION_SETTINGS = {
  ANSI_MODE: 'true',
  TIMEZONE: 'UTC',
  STATEMENT_TIMEOUT: `${STATEMENT_MS / 1000}`,
}

/** What a connection needs, with the secrets read now. */
export interface Access {
  clientSecret: string
  /** PEM certificates of authorities, beside those that Node knows. */
  ca?: string
}

/** Throws EngageError SecretNotFound. */
export async function readAccess(settings: DatabricksSettings, { secret }: WarehouseEnvironment): Promise<Access> {
  const clientSecret = await secret(settings.clientSecretSecretRef)
  return settings.caSecretRef ? { clientSecret, ca: await secret(settings.caSecretRef) } : { clientSecret }
}

/** TLS options: the authority of a proxy is trusted beside the public ones, which files may be uploaded to. */
export const authorities = ({ ca }: Access): { ca?: string[] } =>
  ca === undefined ? {} : { ca: [...rootCertificates, ca] }

export const identityOf = ({ host, catalog }: DatabricksSettings): string =>
  `databricks:${host.toLowerCase()}/${catalog.toLowerCase()}`
