import { closeSync, openSync, writeSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { LaneColumn } from '../engage/lane.ts'
import type { StagePart } from '../warehouses/port.ts'

/** Every event name has a stage file of its own: far more than a process may have open. */
const MAX_OPEN = 64

/** The stage files of a run, in one folder: those written to last are open. */
export class StageFiles implements Disposable {
  readonly #directory: string
  /** Descriptors by path, the one written to last at the end. */
  readonly #open = new Map<string, number>()

  constructor(directory: string) {
    this.#directory = directory
  }

  pathOf(name: string): string {
    return join(this.#directory, name)
  }

  append(path: string, bytes: Buffer): void {
    const file = this.#open.get(path) ?? openSync(path, 'a', 0o600)
    this.#open.delete(path)
    this.#open.set(path, file)
    const [oldest] = this.#open.keys()
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.close(oldest)
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
  }

  close(path: string): void {
    const file = this.#open.get(path)
    if (file !== undefined) closeSync(file)
    this.#open.delete(path)
  }

  [Symbol.dispose](): void {
    for (const path of [...this.#open.keys()]) this.close(path)
  }
}

/**
 * Writes the lines of one lane to stage files: a new one (part) whenever the lane has got another column, so that every
 * file is a table of one width.
 */
export class StageWriter {
  readonly #files: StageFiles
  readonly #name: string
  #parts: StagePart[] = []
  #count = 0
  /** Bytes written since the last `take`: what a segment is measured by. */
  bytes = 0

  constructor(files: StageFiles, name: string) {
    this.#files = files
    this.#name = name
  }

  readonly write = (lines: Buffer, columns: readonly LaneColumn[], rows: number): void => {
    let part = this.#parts.at(-1)
    if (part === undefined || part.columns.length !== columns.length) {
      this.#close()
      const path = this.#files.pathOf(`${this.#name}-${this.#count++}.csv`)
      part = { path, columns: columns.map((column) => column.name), rows: 0, longestLine: 0 }
      this.#parts.push(part)
    }
    part.rows += rows
    part.longestLine = Math.max(part.longestLine, lines.length)
    this.bytes += lines.length
    this.#files.append(part.path, lines)
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
    const part = this.#parts.at(-1)
    if (part) this.#files.close(part.path)
  }
}

/** Deletes stage files that were loaded. */
export const removeParts = (parts: readonly StagePart[]): Promise<unknown> =>
  Promise.all(parts.map((part) => rm(part.path, { force: true })))
