import path from 'node:path'
import type { Handle, SparkSession } from './spark-session.ts'

/** The files of volumes. */
export interface Volumes {
  /** Where a path such as `/Volumes/main/engageops/staging/x.csv` stands on disk. Throws SparkError without such a volume. */
  file(volumePath: string): string
  list(volumePath: string): Promise<string[]>
  /** An address that takes a PUT or a DELETE of the file. */
  presign(volumePath: string): string
}

/** A statement that ran: its result, and whether the client has to move a file. */
export interface Ran {
  handle: Handle
  isStaging: boolean
}

/** Runs a statement of Databricks: what Spark alone has not is told in what it has. */
export async function runStatement(
  spark: SparkSession,
  statement: string,
  volumes: Volumes,
  started: (handle: Handle) => void,
): Promise<Ran> {
  const run = async (sql: string, isStaging = false): Promise<Ran> => ({
    handle: await spark.run(sql, started),
    isStaging,
  })
  const staging = STAGING.exec(statement)
  if (staging) return run(stagingSelect(volumes, staging), true)
  const listed = /^LIST '([^']+)'$/.exec(statement)?.[1]
  if (listed !== undefined) {
    const names = await volumes.list(listed)
    return run(
      `SELECT * FROM ${relation(
        ['path', 'name'],
        names.map((name) => [`${listed}/${name}`, name]),
      )}`,
    )
  }
  const copy = COPY.exec(statement)
  if (copy) {
    await spark.run(copyView(volumes, copy))
    return run(await insertCounted(spark, `INSERT INTO ${copy[1]} BY NAME SELECT ${copy[2]} FROM __copied`, started))
  }
  if (/^INSERT INTO /.test(statement)) return run(await insertCounted(spark, statement, started))
  const update = GUARDED_UPDATE.exec(statement)
  if (update) return run(guardedMerge(update))
  if (statement.includes('information_schema.')) return run(await withInformationSchema(spark, statement))
  return run(statement.replaceAll('current_version()', VERSION))
}

const VERSION = "named_struct('dbr_version', CAST(NULL AS STRING), 'dbsql_version', '2026.30')"

/** The driver sends and removes files itself: the server only says where. */
const STAGING = /^(?:(PUT) '((?:[^'\\]|\\.)*)' INTO|(REMOVE)) '((?:[^'\\]|\\.)*)'/

function stagingSelect(volumes: Volumes, [, put, local = '', , remote = '']: RegExpExecArray): string {
  const file = put ? `, '${local}' AS localFile` : ''
  return `SELECT '${put ?? 'REMOVE'}' AS operation${file}, '${volumes.presign(remote)}' AS presignedUrl, map('x-test', 'yes') AS headers`
}

const COPY =
  /^COPY INTO (\S+)\s+FROM \(\s*SELECT ([\s\S]+) FROM '([^']+)'\s*\)\s+FILEFORMAT = CSV\s+FILES = \(([^)]*)\)\s+FORMAT_OPTIONS \(([\s\S]+)\)$/

/** A view of the files, whose columns are texts named _c0, _c1 and so on. */
function copyView(volumes: Volumes, [, , list = '', folder = '', files = '', options = '']: RegExpExecArray): string {
  const numbers = [...list.matchAll(/\b_c(\d+)\b/g)].map(([, number]) => Number(number))
  const columns = Array.from({ length: Math.max(...numbers) + 1 }, (_, number) => `_c${number} STRING`)
  const names = files.split(',').map((file) => file.trim().slice(1, -1))
  const glob = path.join(volumes.file(folder), `{${names.join(',')}}`)
  const settings = options.replaceAll(/'(\w+)' = /g, '$1 ')
  return `CREATE OR REPLACE TEMPORARY VIEW __copied (${columns.join(', ')}) USING csv OPTIONS (path '${glob}', ${settings})`
}

/** Delta alone does not say how many rows an INSERT wrote; its history does, where it wrote any. */
async function insertCounted(spark: SparkSession, insert: string, started: (handle: Handle) => void): Promise<string> {
  const table = /^INSERT INTO ((?:`(?:[^`]|``)+`|[\w.])+)/.exec(insert)?.[1] ?? ''
  const newest = async () => (await spark.rows(`DESCRIBE HISTORY ${table} LIMIT 1`))[0] ?? []
  const [before] = await newest()
  await spark.run(insert, started)
  const [after, ...entry] = await newest()
  const rows = after === before ? '0' : (/"numOutputRows":"(\d+)"/.exec(entry.join())?.[1] ?? '0')
  return `SELECT CAST(${rows} AS BIGINT) AS num_affected_rows, CAST(${rows} AS BIGINT) AS num_inserted_rows`
}

/** Delta alone takes no subquery in an UPDATE; a MERGE has the same meaning. */
const GUARDED_UPDATE = /^UPDATE (\S+) SET ([\s\S]+) WHERE ([\s\S]+) AND (NOT EXISTS \([\s\S]+\))$/

const guardedMerge = ([, table, assignments, condition, guard]: RegExpExecArray): string =>
  `MERGE INTO ${table} USING (SELECT 1 WHERE ${guard}) AS __guard ON ${condition} WHEN MATCHED THEN UPDATE SET ${assignments}`

/** Puts the rows of `information_schema` into the statement: those of the schemas that it names as texts. */
async function withInformationSchema(spark: SparkSession, statement: string): Promise<string> {
  const named = new Set([...statement.matchAll(/'([^']*)'/g)].map(([, text = '']) => text))
  const schemas = (await spark.rows('SHOW SCHEMAS')).map(([name = '']) => name).filter((name) => named.has(name))
  const tables: string[][] = []
  const columns: string[][] = []
  for (const schema of schemas) {
    const views = new Set((await spark.rows(`SHOW VIEWS IN \`${schema}\``)).map(([, name]) => name))
    for (const [, name = '', isTemporary] of await spark.rows(`SHOW TABLES IN \`${schema}\``)) {
      if (isTemporary === 'true') continue
      const [type, format] = views.has(name) ? ['VIEW', 'UNKNOWN_DATA_SOURCE_FORMAT'] : ['MANAGED', 'DELTA']
      tables.push([schema, name, type, format])
      const described = await spark.rows(`DESCRIBE TABLE \`${schema}\`.\`${name}\``)
      const end = described.findIndex(
        ([column]) => column === '' || /^# (Partition|Clustering) Information$/.test(column ?? ''),
      )
      for (const [position, [column = '', fullType = '']] of described.slice(0, end < 0 ? undefined : end).entries()) {
        columns.push([schema, name, column, `${position}`, fullType])
      }
    }
  }
  return statement
    .replace(
      'information_schema.schemata',
      relation(
        ['schema_name'],
        schemas.map((name) => [name]),
      ),
    )
    .replace(
      'information_schema.tables',
      relation(['table_schema', 'table_name', 'table_type', 'data_source_format'], tables),
    )
    .replace(
      'information_schema.columns',
      relation(['table_schema', 'table_name', 'column_name', 'ordinal_position', 'full_data_type'], columns),
    )
}

function relation(names: readonly string[], rows: readonly string[][]): string {
  const number = (name: string, value: string) =>
    name === 'ordinal_position'
      ? value
      : `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('$', '\\u0024')}'`
  const values = rows.map((row) => `(${row.map((value, column) => number(names[column] ?? '', value)).join(', ')})`)
  const nothing = `(${names.map(() => 'NULL').join(', ')})`
  const where = rows.length === 0 ? ' WHERE false' : ''
  return `(SELECT * FROM VALUES ${values.join(', ') || nothing} AS __r (${names.join(', ')})${where})`
}
