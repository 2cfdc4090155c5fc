import { createReadStream, createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Client, type ClientConfig } from 'pg'
import { from, to } from 'pg-copy-streams'
import { SCHEMA, TABLES } from './workload.ts'

const quote = (name: string) => `"${name}"`

/** Writes the rows that a sync has made as CSV, and the statements that make the same tables with the same keys. */
export async function exportRows(config: ClientConfig, directory: string): Promise<string[]> {
  const client = new Client(config)
  await client.connect()
  const statements = [`CREATE SCHEMA ${SCHEMA}`]
  for (const table of TABLES) {
    const { rows } = await client.query<{ name: string; type: string }>(
      'SELECT column_name AS name, data_type AS type FROM information_schema.columns WHERE table_schema = $1 AND table_name = $2 ORDER BY ordinal_position',
      [SCHEMA, table],
    )
    const columns = rows.map(({ name, type }) => `${quote(name)} ${type}`)
    statements.push(`CREATE TABLE ${SCHEMA}.${table} (${columns.join(', ')}, PRIMARY KEY (id))`)
    const copy = client.query(to(`COPY ${SCHEMA}.${table} TO STDOUT (FORMAT csv)`))
    await pipeline(copy, createWriteStream(join(directory, `${table}.csv`)))
  }
  await client.end()
  return statements
}

/** What Postgres does by itself with rows that are final already: COPY to a stage, INSERT ... ON CONFLICT, logged. */
export async function loadWithCopy(config: ClientConfig, directory: string, statements: string[]): Promise<number> {
  const client = new Client(config)
  await client.connect()
  for (const sql of statements) await client.query(sql)
  const start = performance.now()
  await client.query('BEGIN')
  for (const table of TABLES) {
    await client.query(`CREATE TEMP TABLE stage_${table} (LIKE ${SCHEMA}.${table}) ON COMMIT DROP`)
    const copy = client.query(from(`COPY stage_${table} FROM STDIN (FORMAT csv)`))
    await pipeline(createReadStream(join(directory, `${table}.csv`), { highWaterMark: 1 << 18 }), copy)
    const { fields } = await client.query(`SELECT * FROM stage_${table} LIMIT 0`)
    const set = fields.map(({ name }) => `${quote(name)} = excluded.${quote(name)}`)
    await client.query(
      `INSERT INTO ${SCHEMA}.${table} SELECT * FROM stage_${table} ON CONFLICT (id) DO UPDATE SET ${set.join(', ')}`,
    )
  }
  await client.query('COMMIT')
  const seconds = (performance.now() - start) / 1000
  await client.end()
  return seconds
}
