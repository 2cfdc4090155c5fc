import { NOTES, type NoteCode } from '../engage/notes.ts'
import type { Consequence } from '../model/errors.ts'
import type { Reason } from '../model/reasons.ts'
import type { Notice, RunSummary } from '../model/status.ts'

/** What a run did to one table. */
export interface CollectionReport {
  collection: string
  rows: number
  discards: number
  newColumns: { name: string; type: string }[]
  notices: Notice[]
}

/** What a run did: the summary that goes to status, and the rest that goes to the ledger and to people. */
export interface RunReport extends RunSummary {
  scope: string
  collections: CollectionReport[]
  /** Calls read, of which `unrouted` belong to no computation of the space. */
  calls: number
  unrouted: number
  /** Whether a session was opened: a run that finds nothing new opens none. */
  opened: boolean
  /** Bytes of calls that were read. */
  bytes: number
  /** Why it failed, in the words of the error. */
  error?: { reason: Reason; consequence: Consequence; message: string }
}

/** The part of a report that a status carries. */
export const summaryOf = ({ runId, start, end, status, rows, notices }: RunReport): RunSummary => ({
  runId,
  start,
  end,
  status,
  rows,
  notices,
})

/** Notices in the making: counted per table, column and note. */
export class Notices {
  readonly #counts = new Map<string, { collection: string; notice: Notice }>()

  add(collection: string, column: string, note: NoteCode, lossy: boolean): void {
    const key = `${collection}\n${column}\n${note}\n${lossy}`
    const known = this.#counts.get(key)
    if (known) known.notice.count++
    else {
      const place = column === '' ? '' : `${column}: `
      const notice: Notice = { level: lossy ? 'Warning' : 'Info', message: `${place}${NOTES[note]}`, count: 1 }
      this.#counts.set(key, { collection, notice })
    }
  }

  say(level: Notice['level'], message: string, count = 1): void {
    const key = `\n${message}`
    const known = this.#counts.get(key)
    if (known) known.notice.count += count
    else this.#counts.set(key, { collection: '', notice: { level, message, count } })
  }

  of(collection: string): Notice[] {
    return [...this.#counts.values()].filter((entry) => entry.collection === collection).map((entry) => entry.notice)
  }

  /** All notices, the gravest first, each with its table. */
  all(): Notice[] {
    const rank = { Error: 0, Warning: 1, Info: 2 }
    return [...this.#counts.values()]
      .map(({ collection, notice }) => ({
        ...notice,
        message: collection === '' ? notice.message : `${collection}: ${notice.message}`,
      }))
      .sort((a, b) => rank[a.level] - rank[b.level] || b.count - a.count)
  }
}

/** Segment's words: Failure when no row was written and something is wrong, Partial when rows were, else Success. */
export function statusOf(rows: number, notices: readonly Notice[]): RunSummary['status'] {
  if (!notices.some((notice) => notice.level !== 'Info')) return 'Success'
  if (rows === 0 && notices.some((notice) => notice.level === 'Error')) return 'Failure'
  return 'Partial'
}
