import type { Subscription } from '../engage/route.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Dialect, Session } from '../warehouses/port.ts'
import { CALL_KEY, DISCARD_KEY, type DiscardedCall, discardKey, RAW_BYTES } from './discards.ts'
import type { LedgerRow } from './ledger.ts'
import type { RunReport } from './report.ts'
import { reported } from './reported.ts'
import type { RunOptions } from './run.ts'
import { tablesOf } from './state.ts'

export interface ReplayReport extends RunReport {
  /** Discards whose values are in their tables now. */
  resolved: number
  /** Discards that are still there: what they lost has no room or does not fit yet, or the call was too long to be kept whole. */
  left: number
}

const ROWS_AT_ONCE = 1000

/**
 * Loads the calls again that discards keep, after a mapping, a type or a limit was corrected: each for the tables that
 * lost something of it, as it would have been loaded from where it stands in its source. Discards that are mended are
 * deleted. Running it again is harmless.
 */
export async function replay(options: Omit<RunOptions, 'onDiscard' | 'onOverflow'>): Promise<ReplayReport> {
  const lost = new Set<string>()
  const onDiscard = (key: string) => void lost.add(key)
  const overflowing = new Set<string>()
  const onOverflow = (column: string) => void overflowing.add(column)
  const { order, warehouse, signal } = options
  const result = { resolved: 0, left: 0 }
  const report = await reported({ ...options, onDiscard, onOverflow }, async (_start, execute) => {
    const tried: LedgerRow[] = []
    await using session = await warehouse.connect(signal)
    const isComplete = await execute(async (run) => {
      const isDue = dueFor(run.subscriptions, order, warehouse.dialect)
      for await (const { call, rows } of lossyCalls(discards(session, warehouse.dialect, order))) {
        if (signal?.aborted) return { complete: false }
        if (!call) result.left += rows.length
        else {
          const tables = new Set(rows.map(({ table_name }) => table_name ?? ''))
          overflowing.clear()
          await run.again(call, (number) => tables.values().some((table) => isDue(number, table)))
          // A row that overflowed before keeps its overflow: one that says more of the same call need not replace it.
          for (const row of rows) if (overflowing.has(row.column_name ?? '')) lost.add(discardKey(row))
          tried.push(...rows)
        }
      }
      return { complete: true }
    })
    const mended = isComplete ? tried.filter((row) => !lost.has(discardKey(row))) : []
    for (const sql of deletions(warehouse.dialect, order, mended)) await session.execute(sql)
    result.resolved = mended.length
    result.left += tried.length - mended.length
  })
  return { ...report, ...result }
}

/** The discards of the order's scope, by their key, read in pages. */
async function* discards(session: Session, dialect: Dialect, order: WorkOrder): AsyncGenerator<LedgerRow> {
  const table = dialect.table(bookkeepingTable(order.bookkeepingSchema, 'discards'))
  const columns = [...DISCARD_KEY, 'line', 'raw'].map(dialect.quote).join(', ')
  const key = DISCARD_KEY.map(dialect.quote).join(', ')
  const scope = `scope = ${dialect.literal(order.scope, 'String')}`
  for (let offset = 0; ; offset += ROWS_AT_ONCE) {
    const page = await session.query(
      `SELECT ${columns} FROM ${table} WHERE ${scope} ORDER BY ${key} LIMIT ${ROWS_AT_ONCE} OFFSET ${offset}`,
    )
    yield* page
    if (page.length < ROWS_AT_ONCE) return
  }
}

/** A call that can be loaded again, or undefined, and all its discards. */
interface LossyCall {
  call: DiscardedCall | undefined
  rows: LedgerRow[]
}

/** Discards call by call: those of one stand side by side. A call is loaded once, however much it lost. */
async function* lossyCalls(discards: AsyncIterable<LedgerRow>): AsyncGenerator<LossyCall> {
  let current: LossyCall | undefined
  for await (const { raw, ...row } of discards) {
    const [first] = current?.rows ?? []
    if (current && first && CALL_KEY.every((column) => row[column] === first[column])) current.rows.push(row)
    else {
      if (current) yield current
      current = { call: callOf(row, raw), rows: [row] }
    }
  }
  if (current) yield current
}

/** The call of a discard; undefined where only a part of it was kept. */
function callOf(row: LedgerRow, raw: string | null | undefined): DiscardedCall | undefined {
  const bytes = Buffer.from(raw ?? '', 'base64')
  if (bytes.length === 0 || bytes.length >= RAW_BYTES) return undefined
  return {
    source: row.source ?? '',
    object: row.object ?? '',
    version: row.version ?? '',
    position: Number(row.position),
    ...(row.line ? { line: Number(row.line) } : {}),
    bytes,
  }
}

/**
 * Whether a subscription gets a call again: where it fills the table that lost something of it; where the whole call was
 * lost, if it wants old calls at all.
 */
function dueFor(subscriptions: readonly Subscription[], order: WorkOrder, { identifiers }: Dialect) {
  const tables = subscriptions.map((subscription) => {
    const names = tablesOf(order, subscription, identifiers).map((id) => id.slice(id.indexOf('.') + 1))
    // One lane fills both tables of identify calls, and tells most under the name of the first.
    return new Set(names.includes('users') ? [...names, 'identifies'] : names)
  })
  return (number: number, table: string): boolean =>
    table === '' ? subscriptions[number]?.backfill === 'All' : tables[number]?.has(table) === true
}

function deletions(dialect: Dialect, order: WorkOrder, rows: readonly LedgerRow[]): string[] {
  const discards = bookkeepingTable(order.bookkeepingSchema, 'discards')
  const typeOf = new Map(discards.columns.map(({ name, type }) => [name, type]))
  const equals = (column: string, value: string | null | undefined) =>
    `${dialect.quote(column)} = ${dialect.literal(value ?? '', typeOf.get(column) ?? 'String')}`
  const statements: string[] = []
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    const each = rows
      .slice(from, from + ROWS_AT_ONCE)
      .map((row) => `(${DISCARD_KEY.map((column) => equals(column, row[column])).join(' AND ')})`)
    statements.push(
      `DELETE FROM ${dialect.table(discards)} WHERE ${equals('scope', order.scope)} AND (${each.join(' OR ')})`,
    )
  }
  return statements
}
