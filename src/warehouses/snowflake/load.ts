import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { pathToFileURL } from 'node:url'
import { constants, createGzip } from 'node:zlib'
import type { LogicalType, TypedColumn } from '../../model/table.ts'
import type { StageInput, StagePart } from '../port.ts'
import { dialect } from './dialect.ts'
import { text } from './text.ts'

const CHUNK_BYTES = 1 << 18

/** The statement that makes a stage of a quoted name: it is gone with the session, and its files with it. */
export function stageStatement(name: string, { columns }: StageInput): string {
  const definitions = columns.map((column) => `${dialect.quote(column.name)} ${dialect.sqlType(column.type)}`)
  return `CREATE TEMPORARY TABLE ${name} (${definitions.join(', ')})`
}

/** The parts that one COPY loads. */
export interface Load {
  columns: string[]
  parts: StagePart[]
}

/** Parts of the same columns are loaded together; empty ones are not. */
export function loadsOf({ parts }: StageInput): Load[] {
  const loads = new Map<string, Load>()
  for (const part of parts.filter(({ rows }) => rows > 0)) {
    const { columns } = part
    const key = JSON.stringify(columns)
    loads.set(key, { columns, parts: [...(loads.get(key)?.parts ?? []), part] })
  }
  return [...loads.values()]
}

/**
 * The statement that makes the place for a session's files, in a schema: it is gone with the session, and they with it.
 * The stage that every table has by itself takes no right to make, but no COPY with a query either.
 */
export const filesStatement = (schema: string): string => `CREATE TEMPORARY STAGE ${filesOf(schema)}`

const filesOf = (schema: string): string => dialect.table({ schema, name: 'eo_files' })

/** What a COPY loads. */
export interface CopySource {
  folder: string
  /**
   * Names of the files, where they are in an external stage: one whose URL is not that which they were put under has none of
   * them, which would be no error. Who put them there deletes them, so its integration need not.
   */
  files?: readonly string[]
}

/** The folder of that stage for the files of a load. */
export const folderOf = (schema: string, stage: number, load: number): string => `@${filesOf(schema)}/${stage}/${load}/`

/** The folder of an external stage, which is named as in SQL. */
export const externalFolder = (stage: string, folder: string): string => `@${stage}/${folder}/`

/**
 * Compresses a part beside it. The driver could, but it would ask for its folder of temporary files, and it fails where it
 * is told that a file is not compressed yet.
 */
export async function compress({ path }: StagePart): Promise<string> {
  const compressed = `${path}.gz`
  const gzip = createGzip({ level: constants.Z_BEST_SPEED, chunkSize: CHUNK_BYTES })
  await pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), gzip, createWriteStream(compressed))
  return compressed
}

/** Sends a compressed file: the driver encrypts it where the cloud asks for it, and sends it in pieces. */
export const putStatement = (path: string, folder: string): string =>
  `PUT ${fileUrl(path)} ${folder} SOURCE_COMPRESSION = GZIP AUTO_COMPRESS = FALSE OVERWRITE = TRUE`

/** Not percent-encoded: the driver takes what follows file:// for the path. */
const fileUrl = (path: string): string => text(decodeURIComponent(pathToFileURL(path).href))

/**
 * The format of the stage files: an unquoted empty cell is NULL, a quoted one the empty string; backslashes and the words
 * that Snowflake takes for NULL are texts.
 */
const FORMAT = [
  'TYPE = CSV',
  'COMPRESSION = GZIP',
  "RECORD_DELIMITER = '\\n'",
  "FIELD_DELIMITER = ','",
  `FIELD_OPTIONALLY_ENCLOSED_BY = '"'`,
  'ESCAPE = NONE',
  'ESCAPE_UNENCLOSED_FIELD = NONE',
  'NULL_IF = ()',
  'EMPTY_FIELD_AS_NULL = TRUE',
  'SKIP_BLANK_LINES = FALSE',
].join(' ')

/** Loads the files of a folder, all or none. Those inside Snowflake are deleted. */
export function copyStatement(
  name: string,
  columns: readonly string[],
  types: ReadonlyMap<string, LogicalType>,
  { folder, files }: CopySource,
): string {
  const values = columns.map((column, at) => cellAs(`$${at + 1}`, types.get(column)))
  return `COPY INTO ${name} (${columns.map(dialect.quote).join(', ')})
FROM (SELECT ${values.join(', ')} FROM ${folder})
${files ? `FILES = (${files.map(text).join(', ')}) ` : ''}FILE_FORMAT = (${FORMAT}) ON_ERROR = ABORT_STATEMENT${files ? '' : ' PURGE = TRUE'}`
}

/** Cells are converted to the type of their column, but JSON would become a text in a VARIANT. */
const cellAs = (cell: string, type: LogicalType | undefined): string => (type === 'Json' ? `PARSE_JSON(${cell})` : cell)

export const typesOf = (columns: readonly TypedColumn[]): Map<string, LogicalType> =>
  new Map(columns.map(({ name, type }) => [name, type]))
