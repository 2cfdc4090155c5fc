import type { BigQuery } from '@google-cloud/bigquery'
import type { Observed } from '../port.ts'
import { partsOf, send } from './client.ts'
import { dialect } from './dialect.ts'
import type { JobContext } from './jobs.ts'

/** What the API tells of a dataset, as far as it is of use here: milliseconds, as text. */
interface Dataset {
  defaultTableExpirationMs?: string
  defaultPartitionExpirationMs?: string
}

const DAY_MS = 24 * 3600_000

/**
 * The datasets whose defaults give every new table, or every day of it, an end: EngageOps sets none, so those it makes
 * inherit them. The API tells them for nothing; INFORMATION_SCHEMA would be one more view to pay. A dataset that may not be
 * looked at tells nothing.
 */
export async function expirationsOf(
  { client }: JobContext,
  schemas: readonly string[],
  signal: AbortSignal,
): Promise<NonNullable<Observed['expirations']>> {
  const found = await Promise.all(
    schemas.map(async (schema) => {
      const message = messageOf(schema, await datasetOf(client, schema, signal))
      return message === undefined ? [] : [{ schema, message }]
    }),
  )
  return found.flat()
}

async function datasetOf(client: BigQuery, schema: string, signal: AbortSignal): Promise<Dataset> {
  try {
    return await send<Dataset>(client, { method: 'GET', uri: `/datasets/${schema}` }, signal)
  } catch (error) {
    const { code } = partsOf(error)
    if (code === 403 || code === 404) return {}
    throw error
  }
}

function messageOf(schema: string, dataset: Dataset): string | undefined {
  const defaults = [
    {
      what: 'tables',
      option: 'default_table_expiration_days',
      ofTable: 'expiration_timestamp',
      days: daysOf(dataset.defaultTableExpirationMs),
    },
    {
      what: 'the days of tables of calls',
      option: 'default_partition_expiration_days',
      ofTable: 'partition_expiration_days',
      days: daysOf(dataset.defaultPartitionExpirationMs),
    },
  ].filter(({ days }) => days > 0)
  if (defaults.length === 0) return undefined
  const told = defaults.map(
    ({ what, option, days }) => `${what} that are made in it are deleted after ${days} days (${option})`,
  )
  const ofSchema = defaults.map(({ option }) => `${option} = NULL`).join(', ')
  const ofTable = defaults.map((it) => `${it.ofTable} = NULL`).join(', ')
  return (
    `${told.join(', ')}: run ALTER SCHEMA ${dialect.quote(schema)} SET OPTIONS (${ofSchema}), ` +
    `and for each table that was made before ALTER TABLE ... SET OPTIONS (${ofTable})`
  )
}

/** To a hundredth; 0 where there is no end. */
const daysOf = (milliseconds = '0'): number => Math.round((Number(milliseconds) / DAY_MS) * 100) / 100
