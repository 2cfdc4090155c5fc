import type { RedshiftSettings } from '../../model/warehouse-block.ts'
import { STATEMENT_MS } from '../statement-limit.ts'

/** What every session is set to: results in UTC, as ISO 8601. */
export const SESSION_SETTINGS = [
  "SET timezone TO 'UTC'",
  'SET datestyle TO ISO',
  `SET statement_timeout TO ${STATEMENT_MS}`,
].join('; ')

export const identityOf = ({ host, port, database }: RedshiftSettings): string =>
  `redshift:${host.toLowerCase()}:${port}/${database}`

/** Serverless is paid for while statements run, a cluster all the time. */
export const isServerless = ({ host }: RedshiftSettings): boolean => /\.redshift-serverless\./i.test(host)
