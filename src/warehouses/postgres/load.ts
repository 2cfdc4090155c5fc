import { createReadStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import type { StageInput, StagePart } from '../port.ts'
import { dialect } from './dialect.ts'

const CHUNK_BYTES = 1 << 20

/** The statement that makes a stage of a quoted name. */
export function stageStatement(name: string, { columns }: StageInput): string {
  const definitions = columns.map((column) => `${dialect.quote(column.name)} ${dialect.sqlType(column.type)}`)
  return `CREATE TEMP TABLE ${name} (${definitions.join(', ')}) ON COMMIT PRESERVE ROWS`
}

const KEYS = new Set(['id', 'user_id', 'trait_set'])

/** Lets the planner know the keys of a stage, which is new to it; other columns decide nothing and would cost time. */
export function analyzeStatement(name: string, { columns }: StageInput): string {
  const keys = columns.filter((column) => KEYS.has(column.name)).map((column) => dialect.quote(column.name))
  return `ANALYZE ${name}${keys.length > 0 ? ` (${keys.join(', ')})` : ''}`
}

/** Sends a part to the server as it stands: COPY's CSV is the format of the stage files. */
export async function copyPart(client: Client, stage: string, part: StagePart): Promise<void> {
  const columns = part.columns.map(dialect.quote).join(', ')
  const sql = `COPY ${stage} (${columns}) FROM STDIN (FORMAT csv, NULL '', ENCODING 'UTF8')`
  await pipeline(createReadStream(part.path, { highWaterMark: CHUNK_BYTES }), client.query(copyFrom(sql)))
}
