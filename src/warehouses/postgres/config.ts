import type { PostgresSettings } from '../../model/warehouse-block.ts'
import { STATEMENT_MS } from '../statement-limit.ts'

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

export const identityOf = ({ host, port, database }: PostgresSettings): string =>
  `postgres:${host.toLowerCase()}:${port}/${database}`
