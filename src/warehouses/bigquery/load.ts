import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip } from 'node:zlib'
import type { TableName } from '../../model/table.ts'
import type { StageInput } from '../port.ts'
import { isPassing, partsOf, pause, send } from './client.ts'
import { dialect } from './dialect.ts'
import { cancel, isDuplicate, type JobContext, JobError, newJobId, waitForJob } from './jobs.ts'
import { jsonLines } from './ndjson.ts'

/** What a client that died leaves behind is gone after a day. */
const STAGE_LIFE_MS = 24 * 3600_000
const ATTEMPTS = 5

/** Makes a table for a stage and loads its parts into it, with one load job. Returns its name. */
export async function loadStage(context: JobContext, input: StageInput, signal: AbortSignal): Promise<TableName> {
  const name = { schema: input.schema, name: `eo_stage_${randomUUID().replaceAll('-', '')}` }
  await createTable(context, name, input, signal)
  if (input.parts.some(({ rows }) => rows > 0)) {
    try {
      await loadParts(context, name, input, signal)
    } catch (error) {
      await dropStageTable(context, name, AbortSignal.timeout(5000)).catch(() => undefined)
      throw error
    }
  }
  return name
}

async function createTable(
  { client, projectId }: JobContext,
  { schema, name }: TableName,
  { columns }: StageInput,
  signal: AbortSignal,
): Promise<void> {
  const json = {
    tableReference: { projectId, datasetId: schema, tableId: name },
    schema: { fields: columns.map((column) => ({ name: column.name, type: dialect.sqlType(column.type) })) },
    expirationTime: String(Date.now() + STAGE_LIFE_MS),
  }
  try {
    await send(client, { method: 'POST', uri: `/datasets/${schema}/tables`, json }, signal)
  } catch (error) {
    // A request that was sent again: nobody else has this name.
    if (!isDuplicate(error)) throw error
  }
}

export async function dropStageTable(
  { client }: JobContext,
  { schema, name }: TableName,
  signal: AbortSignal,
): Promise<void> {
  try {
    await send(client, { method: 'DELETE', uri: `/datasets/${schema}/tables/${name}` }, signal)
  } catch (error) {
    if (partsOf(error).code !== 404) throw error
  }
}

async function loadParts(context: JobContext, name: TableName, input: StageInput, signal: AbortSignal): Promise<void> {
  let jobId = newJobId()
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await upload(context, name, input, jobId, signal)
    } catch (error) {
      if (signal.aborted) await cancel(context, jobId)
      if (signal.aborted || attempt === ATTEMPTS || !isPassing(error)) throw error
      // Of a job that failed nothing was loaded, and its id is used up. Otherwise the same job is meant.
      if (error instanceof JobError) jobId = newJobId()
      await pause(attempt, signal)
    }
  }
}

/** Sends the parts and waits for the job. When the connection breaks, the job may have begun nevertheless. */
async function upload(
  context: JobContext,
  { schema, name }: TableName,
  { columns, parts }: StageInput,
  jobId: string,
  signal: AbortSignal,
): Promise<void> {
  const table = context.client.dataset(schema).table(name)
  const types = new Map(columns.map((column) => [column.name, column.type]))
  const sink = table.createWriteStream({
    jobId,
    sourceFormat: 'NEWLINE_DELIMITED_JSON',
    createDisposition: 'CREATE_NEVER',
    // A table that has rows was loaded by an attempt whose answer was lost.
    writeDisposition: 'WRITE_EMPTY',
  })
  const gzip = createGzip({ level: constants.Z_BEST_SPEED })
  try {
    await pipeline(Readable.from(jsonLines(parts, types)), gzip, sink, { signal })
  } catch (error) {
    if (signal.aborted || !(isDuplicate(error) || isPassing(error))) throw error
    await waitForJob(context, jobId, signal).catch((failure: unknown) => {
      throw partsOf(failure).code === 404 ? error : failure
    })
  }
}
