import { randomUUID } from 'node:crypto'
import type { BigQuery } from '@google-cloud/bigquery'
import { RETRY_MS, STATEMENT_MS } from '../statement-limit.ts'
import { again, isPassing, isRefusal, partsOf, pause, send, sendOnce } from './client.ts'
import { type Field, type ResultRow, rowsOf } from './values.ts'

/** Where jobs run. */
export interface JobContext {
  client: BigQuery
  projectId: string
  location: string
}

/** How long one request waits for the end of a job. */
const WAIT_MS = 10_000
/** How often a job that failed for a passing reason is run again. */
const ATTEMPTS = 5

const LABELS = { application: 'engageops' }

interface Job {
  /** A number of 64 bits as text. */
  statistics?: { totalBytesProcessed?: string }
  status?: { state?: string; errorResult?: { reason?: string; message?: string } }
}

interface QueryResults {
  jobComplete?: boolean
  schema?: { fields?: Field[] }
  rows?: ResultRow[]
  pageToken?: string
  numDmlAffectedRows?: string
}

export interface Outcome {
  rows: Record<string, string | null>[]
  /** Rows that a DML statement affected. */
  affected: number
}

/** A job that ended badly: nothing of it took place. */
export class JobError extends Error {
  readonly reason: string

  constructor(result: { reason?: string; message?: string }) {
    super(result.message ?? 'the job failed')
    this.reason = result.reason ?? ''
  }
}

/** A job that was never made: each request for it was refused. */
export class JobRefused extends Error {
  constructor(cause: unknown) {
    super('no job was made', { cause })
  }
}

/** Asks the service to check a statement, without running it: nothing is paid. Returns the bytes that it would read, NaN where it is not told. */
export async function dryRun(context: JobContext, sql: string, signal: AbortSignal): Promise<number> {
  const job = await send<Job>(context.client, insertion(context, newJobId(), sql, true), signal)
  throwIfFailed(job)
  return Number(job.statistics?.totalBytesProcessed)
}

/**
 * Runs a statement to its end. It takes place once, however often a request must be sent. Throws JobError or JobRefused when
 * it is over: after anything else that the driver throws it may still run.
 */
export async function runQuery(context: JobContext, sql: string, signal: AbortSignal): Promise<Outcome> {
  // No job may begin after that: it would run longer than others wait for it if this process is killed.
  const beginning = AbortSignal.any([signal, AbortSignal.timeout(RETRY_MS)])
  for (let attempt = 1; ; attempt += 1) {
    const jobId = newJobId()
    try {
      await begin(context, jobId, sql, beginning)
      return await outcomeOf(context, jobId, signal)
    } catch (error) {
      if (error instanceof JobRefused) throw error
      if (!(error instanceof JobError)) {
        await cancel(context, jobId)
        throw error
      }
      if (beginning.aborted || attempt === ATTEMPTS || !isPassing(error)) throw error
      await pause(attempt, beginning).catch(() => {
        throw error
      })
    }
  }
}

/** Ids are made before the first request: one that is sent again meets its own job and does not start another. */
export const newJobId = (): string => `engageops_${randomUUID()}`

export const isDuplicate = (error: unknown): boolean => partsOf(error).code === 409

async function begin(context: JobContext, jobId: string, sql: string, signal: AbortSignal): Promise<void> {
  // A refusal tells nothing of a request before it whose answer was lost.
  let mayExist = false
  const insert = async (): Promise<Job> => {
    try {
      return await sendOnce<Job>(context.client, insertion(context, jobId, sql, false), signal)
    } catch (error) {
      mayExist ||= !isRefusal(error)
      throw error
    }
  }
  const job = await again(insert, signal).catch((error: unknown): Job => {
    if (isDuplicate(error)) return {}
    throw mayExist ? error : new JobRefused(error)
  })
  throwIfFailed(job)
}

async function outcomeOf(context: JobContext, jobId: string, signal: AbortSignal): Promise<Outcome> {
  const first = await results(context, jobId, undefined, signal)
  const fields = first.schema?.fields ?? []
  const rows = rowsOf(fields, first.rows ?? [])
  for (let next = first.pageToken; next !== undefined; ) {
    const page = await results(context, jobId, next, signal)
    rows.push(...rowsOf(fields, page.rows ?? []))
    next = page.pageToken
  }
  return { rows, affected: Number(first.numDmlAffectedRows ?? 0) }
}

const insertion = ({ projectId, location }: JobContext, jobId: string, query: string, isDry: boolean) => ({
  method: 'POST' as const,
  uri: '/jobs',
  json: {
    jobReference: { projectId, jobId, location },
    configuration: {
      dryRun: isDry,
      jobTimeoutMs: String(STATEMENT_MS),
      labels: LABELS,
      query: { query, useLegacySql: false },
    },
  },
})

/** A page of the results, when the job has ended. Throws JobError, or what the driver throws. */
async function results(
  context: JobContext,
  jobId: string,
  pageToken: string | undefined,
  signal: AbortSignal,
): Promise<QueryResults> {
  const qs = {
    location: context.location,
    timeoutMs: WAIT_MS,
    'formatOptions.useInt64Timestamp': true,
    ...(pageToken === undefined ? {} : { pageToken }),
  }
  for (;;) {
    try {
      const page = await send<QueryResults>(context.client, { method: 'GET', uri: `/queries/${jobId}`, qs }, signal)
      if (page.jobComplete !== false) return page
    } catch (error) {
      // The results of a job that failed are its error: whether it may run again, only the job itself tells, to who gets answers.
      const isAnswer = typeof partsOf(error).code === 'number'
      if (isAnswer) throwIfFailed(await jobOf(context, jobId, signal).catch((): Job => ({})))
      throw error
    }
  }
}

const jobOf = ({ client, location }: JobContext, jobId: string, signal: AbortSignal): Promise<Job> =>
  send<Job>(client, { method: 'GET', uri: `/jobs/${jobId}`, qs: { location } }, signal)

function throwIfFailed({ status }: Job): void {
  if (status?.errorResult) throw new JobError(status.errorResult)
}

/** Waits for a job that was started before. */
export async function waitForJob(context: JobContext, jobId: string, signal: AbortSignal): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    const job = await jobOf(context, jobId, signal)
    throwIfFailed(job)
    if (job.status?.state === 'DONE') return
    await pause(attempt, signal)
  }
}

const CANCEL_MS = 5000

/** Ends a job that nobody waits for any more, as far as that can be done: it is asked once, a service that is gone is not waited for. */
export async function cancel({ client, location }: JobContext, jobId: string): Promise<void> {
  const call = { method: 'POST' as const, uri: `/jobs/${jobId}/cancel`, qs: { location } }
  await sendOnce(client, call, AbortSignal.timeout(CANCEL_MS)).catch(() => undefined)
}
