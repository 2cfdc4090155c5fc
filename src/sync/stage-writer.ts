import { closeSync, openSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LaneColumn } from '../engage/lane.ts'
import type { StagePart } from '../warehouses/port.ts'

/**
 * Writes the lines of one lane to stage files in a folder: a new file (part) whenever the lane has got another column,
 * so that every file is a table of one width.
 */
export class StageWriter {
  readonly #directory: string
  readonly #name: string
  #parts: StagePart[] = []
  #file: number | undefined
  #count = 0
  /** Bytes written since the last `take`: what a segment is measured by. */
  bytes = 0

  constructor(directory: string, name: string) {
    this.#directory = directory
    this.#name = name
  }

  readonly write = (lines: Buffer, columns: readonly LaneColumn[], rows: number): void => {
    let part = this.#parts.at(-1)
    if (part === undefined || this.#file === undefined || part.columns.length !== columns.length) {
      this.#close()
      const path = join(this.#directory, `${this.#name}-${this.#count++}.csv`)
      part = { path, columns: columns.map((column) => column.name), rows: 0, longestLine: 0 }
      this.#parts.push(part)
      this.#file = openSync(path, 'wx', 0o600)
    }
    part.rows += rows
    part.longestLine = Math.max(part.longestLine, lines.length)
    this.bytes += lines.length
    writeAll(this.#file, lines)
  }

  /** Closes the current file and hands over all parts; writing goes on in new ones. */
  take(): StagePart[] {
    this.#close()
    const parts = this.#parts
    this.#parts = []
    this.bytes = 0
    return parts
  }

  #close(): void {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
  }
}

function writeAll(file: number, bytes: Buffer): void {
  for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
}

/** Deletes stage files that were loaded. */
export const removeParts = (parts: readonly StagePart[]): Promise<unknown> =>
  Promise.all(parts.map((part) => rm(part.path, { force: true })))
