import { createHash } from 'node:crypto'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'
import { insertRows } from './ledger.ts'
import { type Mirror, type MirrorStore, orderHash } from './mirror.ts'
import { readIncarnations } from './registry.ts'

/**
 * Keeps in the ledger from where on sources are listed again, for syncs that have no folder of their own to keep it in.
 * It holds no stamps: what is listed again is compared with the checkpoints. A table that was made again is filled from
 * all that there is, so what was kept before does not count any more.
 */
export class WarehouseMirror implements MirrorStore {
  readonly #warehouse: Warehouse
  readonly #order: WorkOrder
  readonly #signal: AbortSignal | undefined

  constructor(warehouse: Warehouse, order: WorkOrder, signal?: AbortSignal) {
    this.#warehouse = warehouse
    this.#order = order
    this.#signal = signal
  }

  async read(scope: string): Promise<Mirror | undefined> {
    const { dialect } = this.#warehouse
    const { bookkeepingSchema } = this.#order
    await using session = await this.#warehouse.connect(this.#signal)
    const observed = await session.observe([bookkeepingSchema])
    const listings = bookkeepingTable(bookkeepingSchema, 'listings')
    if (!observed.tables.some((table) => tableId(table) === tableId(listings))) return undefined
    const [row] = await session.query(
      `SELECT order_hash, tables_hash, marks FROM ${dialect.table(listings)} WHERE scope = ${dialect.literal(scope, 'String')}`,
    )
    if (!row?.marks || row.order_hash !== orderHash(this.#order)) return undefined
    if (row.tables_hash !== (await this.#tablesHash(session))) return undefined
    return { order: row.order_hash, stamps: {}, marks: JSON.parse(row.marks) }
  }

  async write(scope: string, { order, marks }: Mirror): Promise<void> {
    const { dialect } = this.#warehouse
    const listings = bookkeepingTable(this.#order.bookkeepingSchema, 'listings')
    await using session = await this.#warehouse.connect(this.#signal)
    const row = {
      scope,
      order_hash: order,
      tables_hash: await this.#tablesHash(session),
      marks: JSON.stringify(marks ?? {}),
    }
    await session.transaction(async () => {
      await session.execute(`DELETE FROM ${dialect.table(listings)} WHERE scope = ${dialect.literal(scope, 'String')}`)
      for (const sql of insertRows(dialect, listings, [row])) await session.execute(sql)
    })
  }

  /** Differs when a table of the order was made again. */
  async #tablesHash(session: Session): Promise<string> {
    const found = await readIncarnations(session, this.#warehouse.dialect, this.#order)
    const incarnations = [...found].map(([id, incarnation]) => `${id} ${incarnation}`)
    incarnations.sort()
    return createHash('sha256').update(incarnations.join('\n')).digest('hex').slice(0, 32)
  }
}
