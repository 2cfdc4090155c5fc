import { randomUUID } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { TypedColumn } from '../../model/table.ts'
import type { StagePart } from '../port.ts'
import type { Statements } from './load.ts'
import { quote, sqlType, text } from './sql.ts'

/** Parts of one layout, which go into one stage. */
export interface Copy {
  /** Quoted. */
  stage: string
  /** What its files are named after. */
  name: string
  columns: readonly TypedColumn[]
  parts: readonly StagePart[]
}

/** A Unity Catalog volume that files pass through on their way into tables. */
export class Volume {
  readonly #statements: Statements
  readonly #path: string
  /** What an unquoted empty cell reads as: no value is this text. */
  readonly #null = randomUUID()

  constructor(statements: Statements, stagingVolume: string) {
    this.#statements = statements
    this.#path = stagingVolume
  }

  /** Loads the parts and returns the number of rows. Their files are gone afterwards. */
  async copy(copy: Copy): Promise<number> {
    const files: string[] = []
    try {
      for (const part of copy.parts) {
        const file = `${copy.name}_${randomUUID().slice(0, 8)}.csv.gz`
        files.push(file)
        await this.#put(part, file)
      }
      return await this.#statements.execute(copyStatement(copy, this.#path, files, this.#null))
    } finally {
      for (const file of files) await this.#remove(file).catch(() => undefined)
    }
  }

  /** Removes the files whose names are meant, as far as it may. A folder that is not there yet is made by the first file. */
  async sweep(isMeant: (name: string) => boolean): Promise<void> {
    const files = await this.#statements.query(`LIST ${text(this.#path)}`).catch(() => [])
    for (const { name } of files) {
      if (name && isMeant(name)) await this.#remove(name).catch(() => undefined)
    }
  }

  async #put(part: StagePart, file: string): Promise<void> {
    const packed = `${part.path}.gz`
    try {
      await pipeline(createReadStream(part.path), createGzip({ level: 1 }), createWriteStream(packed))
      const sql = `PUT ${text(packed)} INTO ${text(`${this.#path}/${file}`)} OVERWRITE`
      await this.#statements.move(sql, path.dirname(packed))
    } finally {
      await rm(packed, { force: true })
    }
  }

  #remove(file: string): Promise<void> {
    return this.#statements.move(`REMOVE ${text(`${this.#path}/${file}`)}`, '')
  }
}

/** Cells are read as texts and converted in the SELECT, so that nothing depends on how a reader takes them. */
function copyStatement(
  { stage, columns, parts }: Copy,
  volume: string,
  files: readonly string[],
  none: string,
): string {
  const layout = parts[0]?.columns ?? []
  const values = columns.map(({ name, type }) => {
    const position = layout.indexOf(name)
    return `CAST(${position < 0 ? 'NULL' : `_c${position}`} AS ${sqlType(type)}) AS ${quote(name)}`
  })
  const options = {
    header: 'false',
    encoding: 'UTF-8',
    multiLine: 'true',
    quote: '"',
    escape: '"',
    nullValue: none,
    emptyValue: '',
    mode: 'FAILFAST',
  }
  return `COPY INTO ${stage}
FROM (SELECT ${values.join(', ')} FROM ${text(volume)})
FILEFORMAT = CSV
FILES = (${files.map(text).join(', ')})
FORMAT_OPTIONS (${Object.entries(options)
    .map(([name, value]) => `${text(name)} = ${text(value)}`)
    .join(', ')})`
}
