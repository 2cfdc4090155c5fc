import { closeSync, openSync, readSync } from 'node:fs'
import { DuckDBInstance } from '@duckdb/node-api'
import { snakeCase } from '../src/model/snake-case.ts'

type Json = { [key: string]: unknown }

/**
 * What DuckDB does by itself with the same file: read_json with all types given, then INSERT ... SELECT with an anti-join
 * on id, and users as the latest value of each trait. No routing, no checks, no ledger; the columns are the same.
 */
export async function loadWithDuckDb(calls: string, database: string, memoryLimit: string): Promise<void> {
  const samples = firstCalls(calls)
  const instance = await DuckDBInstance.create(database, {
    memory_limit: memoryLimit,
    threads: '2',
    preserve_insertion_order: 'false',
    temp_directory: `${database}.tmp`,
  })
  const connection = await instance.connect()
  const fields = Object.entries(merge(samples.identify, samples.track)).map(
    ([key, value]) => `${quote(key)}: '${typeOf(value)}'`,
  )
  await connection.run(
    `CREATE TEMP TABLE calls AS SELECT * FROM read_json('${calls}', format = 'newline_delimited', columns = {${fields.join(', ')}})`,
  )
  await insert(connection, 'identifies', samples.identify, "type = 'identify'")
  await insert(connection, 'audience_entered', samples.track, "event = 'Audience Entered'")
  await insert(connection, 'audience_exited', samples.track, "event = 'Audience Exited'")
  const traits = leaves(samples.identify).filter(({ column }) => !STANDARD.has(column))
  const latest = traits.map(({ column }) => `arg_max(${quote(column)}, "received_at") AS ${quote(column)}`)
  await connection.run(
    `CREATE TABLE users AS SELECT user_id AS id, user_id, max(received_at) AS received_at, now()::TIMESTAMP AS uuid_ts, ${latest.join(', ')} FROM identifies GROUP BY user_id`,
  )
  connection.closeSync()
  instance.closeSync()
}

const STANDARD = new Set(['id', 'user_id', 'received_at', 'sent_at', 'timestamp', 'original_timestamp'])
const quote = (name: string) => `"${name}"`

async function insert(connection: { run(sql: string): Promise<unknown> }, table: string, sample: Json, where: string) {
  const columns = leaves(sample)
  const list = columns.map(({ column }) => quote(column)).join(', ')
  const select = columns.map(({ path, column }) => `${path} AS ${quote(column)}`).join(', ')
  await connection.run(`CREATE TABLE ${table} AS SELECT ${select}, NULL::TIMESTAMP AS uuid_ts FROM calls WHERE false`)
  await connection.run(
    `INSERT INTO ${table} (${list}, uuid_ts) SELECT ${select}, now()::TIMESTAMP FROM calls AS c WHERE ${where} AND NOT EXISTS (SELECT 1 FROM ${table} AS t WHERE t.id = c."messageId")`,
  )
}

/** The first call of each type, to take the types of everything from. */
function firstCalls(path: string): { identify: Json; track: Json } {
  const file = openSync(path, 'r')
  const buffer = Buffer.alloc(1 << 16)
  const lines = buffer.toString('utf8', 0, readSync(file, buffer)).split('\n').slice(0, -1)
  closeSync(file)
  const calls = lines.map((line): Json => JSON.parse(line))
  const first = (type: string) => calls.find((call) => call.type === type) ?? {}
  return { identify: first('identify'), track: first('track') }
}

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

function merge(a: Json, b: Json): Json {
  const merged: Json = { ...a }
  for (const [key, value] of Object.entries(b)) {
    const known = merged[key]
    merged[key] = isObject(known) && isObject(value) ? merge(known, value) : (value ?? known)
  }
  return merged
}

const TIME = /^\d{4}-\d\d-\d\dT/

function typeOf(value: unknown): string {
  if (isObject(value)) {
    const fields = Object.entries(value).map(([key, item]) => `${quote(key)} ${typeOf(item)}`)
    return `STRUCT(${fields.join(', ')})`
  }
  if (typeof value === 'boolean') return 'BOOLEAN'
  if (typeof value === 'number') return Number.isInteger(value) ? 'BIGINT' : 'DOUBLE'
  return value === null || (typeof value === 'string' && TIME.test(value)) ? 'TIMESTAMP' : 'VARCHAR'
}

/** The columns of a call's row, with the expression that reads each. */
function leaves(call: Json): { path: string; column: string }[] {
  const names: Record<string, string> = { messageId: 'id', userId: 'user_id' }
  const { type: _, integrations: __, context, traits, properties, event, ...top } = call
  const found = Object.keys(top).map((key) => ({ path: `"${key}"`, column: names[key] ?? snakeCase(key) }))
  if (event !== undefined) found.push({ path: '"event"', column: 'event_text' })
  const walk = (value: Json, path: string, name: string) => {
    for (const [key, item] of Object.entries(value)) {
      if (isObject(item)) walk(item, `${path}."${key}"`, `${name}${key}.`)
      else found.push({ path: `${path}."${key}"`, column: snakeCase(name + key) })
    }
  }
  if (isObject(traits)) walk(traits, 'traits', '')
  if (isObject(properties)) walk(properties, 'properties', '')
  if (isObject(context)) walk(context, 'context', 'context.')
  return found
}
