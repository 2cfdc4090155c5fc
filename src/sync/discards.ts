import { hash } from 'node:crypto'
import type { Finding } from '../engage/convert.ts'
import { csvCell } from '../engage/csv.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { StagePart } from '../warehouses/port.ts'
import { type StageFiles, StageWriter } from './stage-writer.ts'

/** Of a value that was discarded this much is kept readable, and of its call this much raw: as base64 it fits every text column. */
const VALUE_CHARS = 4096
export const RAW_BYTES = 45 << 10
const HASH_DIGITS = 16

/** Columns that tell the calls of a scope apart. */
export const CALL_KEY = ['source', 'object', 'version', 'position'] as const

/** Columns that tell the discards of a scope apart. */
export const DISCARD_KEY = [...CALL_KEY, 'table_name', 'column_name', 'value_hash'] as const

/** A discard as one text, from its row. */
export const discardKey = (row: Readonly<Record<string, string | null>>): string =>
  JSON.stringify(DISCARD_KEY.map((column) => row[column] ?? ''))

/** A call that lost something, and where it stands in its source. */
export interface DiscardedCall {
  source: string
  object: string
  version: string
  position: number
  line?: number
  bytes: Buffer
}

/** Writes what could not be loaded to a stage of its own: it is committed with the rows of the same calls. */
export class Discards {
  readonly #writer: StageWriter
  readonly #columns = bookkeepingTable('', 'discards').columns.map((column) => ({ ...column, neededBy: 0 }))
  readonly #scope: string
  readonly #runId: string
  readonly counts = new Map<string, number>()

  constructor(files: StageFiles, scope: string, runId: string) {
    this.#writer = new StageWriter(files, 'discards')
    this.#scope = scope
    this.#runId = runId
  }

  /** Returns its key: see discardKey. */
  add({ table, column, note, value, rowId, place }: Finding, now: string): string {
    this.counts.set(table, (this.counts.get(table) ?? 0) + 1)
    const text = textOf(value)
    const valueHash = hash('sha256', text ?? '').slice(0, HASH_DIGITS)
    const cells: Record<string, string | undefined> = {
      scope: this.#scope,
      source: place.source,
      object: place.object,
      version: place.version,
      position: String(place.position),
      line: place.line === undefined ? undefined : String(place.line),
      table_name: table,
      column_name: column,
      value_hash: valueHash,
      row_id: rowId === '' ? undefined : rowId,
      reason: note,
      value: column === '' || text === undefined ? undefined : readable(text),
      raw: place.bytes.subarray(0, RAW_BYTES).toString('base64'),
      run_id: this.#runId,
      created_at: now,
    }
    const line = this.#columns.map(({ name }) => {
      const cell = cells[name]
      return cell === undefined ? '' : csvCell(cell)
    })
    this.#writer.write(Buffer.from(`${line.join(',')}\n`), this.#columns, 1)
    const { source, object, version, position } = place
    return discardKey({
      source,
      object,
      version,
      position: String(position),
      table_name: table,
      column_name: column,
      value_hash: valueHash,
    })
  }

  take(): StagePart[] {
    return this.#writer.take()
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Text that any warehouse can store. */
const readable = (text: string): string => text.slice(0, VALUE_CHARS).replaceAll('\u0000', '').toWellFormed()
