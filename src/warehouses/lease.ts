import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngageError } from '../model/errors.ts'
import type { TableName } from '../model/table.ts'
import type { Capabilities, Dialect, Session, Warehouse } from './port.ts'
import { StatementFailed } from './statement-failed.ts'
import { RETRY_MS, STATEMENT_MS } from './statement-limit.ts'

type Writable = Pick<Warehouse, 'dialect' | 'capabilities'>

export interface LeaseRequest {
  /** The bookkeeping table `leases`. */
  table: TableName
  scope: string
  /** Who asks. Where there are transactions a holder may take its lease again, from a process that is gone. */
  holder: string
  seconds: number
  /** The caller's clock: those who share a warehouse have clocks that differ by some minutes at most. */
  now: () => Date
}

/** Sessions that take the same lease at the same moment make each other fail; a later try finds out who won. */
const ATTEMPTS = 10
/** Longest wait between tries, in milliseconds: by chance, so that two that met do not meet again. */
const LONGEST_WAIT_MS = 50
/** Clocks may differ by that, and servers end statements somewhat late. */
const CLOCKS_MS = 5 * 60_000
/** The part of its time that must be left of a lease before a statement begins, where there are no transactions. */
const NEEDED = 3 / 4

/**
 * How long the lease of a run is held that nobody renews. With transactions one that comes back too late commits nothing.
 * Without them its last statement commits by itself, and must be over before another may begin.
 */
export const runLeaseSeconds = ({ transactions }: Capabilities): number =>
  transactions ? 600 : (STATEMENT_MS + RETRY_MS + CLOCKS_MS) / 1000 / NEEDED

/**
 * The right to write under a scope, as row of the bookkeeping table `leases`. Each new holder has a greater epoch.
 *
 * With transactions each compares the epoch, so the lease may be taken at any time from one that is gone: by its own
 * holder, or after `expireLease`. Without them a statement that is under way cannot be stopped: the lease is nobody's
 * before it was given back or has expired, which no statement outlasts, since none begins shortly before.
 */
export class Lease {
  readonly holder: string
  readonly epoch: number
  readonly #session: Session
  readonly #warehouse: Writable
  readonly #request: LeaseRequest
  #expires: Date
  /** Whether a statement got no answer: it may still run. */
  #isUndecided = false

  /** For `acquireLease`. */
  constructor(session: Session, warehouse: Writable, request: LeaseRequest, epoch: number, expires: Date) {
    this.#session = session
    this.#warehouse = warehouse
    this.#request = request
    this.holder = request.holder
    this.epoch = epoch
    this.#expires = expires
  }

  /** Extends the lease. Throws LeaseLost (Retry) when another has it meanwhile. */
  async renew(): Promise<void> {
    const { dialect } = this.#warehouse
    const expires = later(this.#request)
    const literal = dialect.literal(expires.toISOString(), 'Timestamp')
    await this.#updateOwn(`${dialect.quote('expires_at')} = ${literal}`)
    this.#expires = expires
  }

  /** Throws LeaseLost (Retry) when another has the lease. Writes to its row. */
  async check(): Promise<void> {
    const holder = this.#warehouse.dialect.quote('holder')
    await this.#updateOwn(`${holder} = ${holder}`)
  }

  /**
   * Writes that only the holder may make, in one transaction where there are such: then the check comes last. It writes to
   * the row of the lease, so that nobody can take it before the commit, and some warehouses lock more than that row, which
   * others wait for. Without transactions the lease is renewed first. Throws LeaseLost (Retry) when another has it.
   */
  async write(work: (execute: Session['execute']) => Promise<void>): Promise<void> {
    const { transactions } = this.#warehouse.capabilities
    await this.#session.transaction(async () => {
      if (!transactions) await this.renew()
      await work((sql) => this.execute(sql))
      if (transactions) await this.check()
    })
  }

  /** Runs a statement that only the holder may run; it compares no epoch. See `write` and `check`. */
  async execute(sql: string): Promise<number> {
    const { transactions } = this.#warehouse.capabilities
    const { seconds, now } = this.#request
    if (!transactions && this.#expires.getTime() - now().getTime() < seconds * 1000 * NEEDED) await this.renew()
    try {
      return await this.#session.execute(sql)
    } catch (error) {
      this.#isUndecided ||= !(error instanceof StatementFailed)
      throw error
    }
  }

  /** Until when `release` leaves others waiting: a statement may still run that nothing else keeps apart from theirs. */
  get keptUntil(): Date | undefined {
    return this.#isUndecided && !this.#warehouse.capabilities.transactions ? this.#expires : undefined
  }

  /** Gives the lease back, unless it is kept; the row stays, so that epochs go on rising. */
  async release(): Promise<void> {
    if (this.keptUntil) return
    const { dialect } = this.#warehouse
    await this.#session.execute(
      `UPDATE ${dialect.table(this.#request.table)} SET ${freed(dialect)} WHERE ${this.#own()}`,
    )
  }

  async #updateOwn(assignment: string): Promise<void> {
    const { table, scope } = this.#request
    const count = await this.#session.execute(
      `UPDATE ${this.#warehouse.dialect.table(table)} SET ${assignment} WHERE ${this.#own()}`,
    )
    if (count > 0) return
    throw new EngageError('LeaseLost', 'Retry', `another run took ${scope} over from ${this.holder}`)
  }

  #own(): string {
    const { quote, literal } = this.#warehouse.dialect
    return (
      `${quote('scope')} = ${literal(this.#request.scope, 'String')} AND ` +
      `${quote('holder')} = ${literal(this.holder, 'String')} AND ` +
      `${quote('epoch')} = ${literal(String(this.epoch), 'Integer')}`
    )
  }
}

/** Takes the lease of a scope, when it may be taken: see Lease. Throws LeaseHeld (Wait) when another has it. */
export async function acquireLease(session: Session, warehouse: Writable, asked: LeaseRequest): Promise<Lease> {
  // Without transactions nobody but this call is the holder: what is taken here can be taken again by its next try.
  const holder = warehouse.capabilities.transactions ? asked.holder : `${asked.holder} (${randomUUID().slice(0, 8)})`
  const request = { ...asked, holder }
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToAcquire(session, warehouse, request)
    } catch (error) {
      const again = error instanceof EngageError && error.consequence === 'Retry' && attempt < ATTEMPTS
      if (!again) throw error
      await sleep(Math.random() * LONGEST_WAIT_MS)
    }
  }
}

async function tryToAcquire(session: Session, warehouse: Writable, request: LeaseRequest): Promise<Lease> {
  const { table: leases, scope, holder } = request
  const { quote, table, literal } = warehouse.dialect
  const text = (value: string) => literal(value, 'String')
  const time = (date: Date) => literal(date.toISOString(), 'Timestamp')
  const [scopeColumn, holderColumn, epochColumn, expiresColumn] = ['scope', 'holder', 'epoch', 'expires_at'].map(quote)
  const ofScope = `${scopeColumn} = ${text(scope)}`
  const read = async () => {
    const rows = await session.query(
      `SELECT ${holderColumn}, ${epochColumn}, ${expiresColumn} FROM ${table(leases)} WHERE ${ofScope} ORDER BY ${epochColumn} DESC`,
    )
    return rows[0]
  }
  if ((await read()) === undefined) {
    // A free row first, so that all who compete change one row and the warehouse lets only one of them through. Where
    // keys are not enforced a race can make two: then the row that was taken counts, and its taker deletes the other.
    await session.execute(
      `INSERT INTO ${table(leases)} (${scopeColumn}, ${holderColumn}, ${epochColumn}, ${expiresColumn}) ` +
        `VALUES (${text(scope)}, ${text('')}, ${literal('0', 'Integer')}, ${time(new Date(0))})`,
    )
  }
  return session.transaction(async () => {
    const [now, expires] = [time(request.now()), later(request)]
    const taken = await session.execute(
      `UPDATE ${table(leases)} SET ${holderColumn} = ${text(holder)}, ${epochColumn} = ${epochColumn} + 1, ` +
        `${expiresColumn} = ${time(expires)} ` +
        `WHERE ${ofScope} AND (${holderColumn} = ${text(holder)} OR ${expiresColumn} <= ${now}) ` +
        `AND NOT EXISTS (SELECT 1 FROM ${table(leases)} AS other WHERE other.${ofScope} ` +
        `AND other.${holderColumn} <> ${text(holder)} AND other.${expiresColumn} > ${now})`,
    )
    const row = await read()
    if (taken === 0) throw leaseHeld(warehouse, request, row)
    const epoch = Number(row?.epoch)
    await session.execute(
      `DELETE FROM ${table(leases)} WHERE ${ofScope} AND ${epochColumn} < ${literal(String(epoch), 'Integer')}`,
    )
    return new Lease(session, warehouse, request, epoch, expires)
  })
}

/** What is waited for, until when, and where that may take long how to go on at once. */
function leaseHeld(
  { dialect, capabilities }: Writable,
  { table, scope }: LeaseRequest,
  row: Record<string, string | null> | undefined,
): EngageError {
  const who = `${scope} is being written by ${row?.holder ?? 'another run'} until ${row?.expires_at ?? 'it ends'}`
  if (capabilities.transactions) return new EngageError('LeaseHeld', 'Wait', who)
  const free = `UPDATE ${dialect.table(table)} SET ${freed(dialect)} WHERE ${dialect.quote('scope')} = ${dialect.literal(scope, 'String')}`
  return new EngageError(
    'LeaseHeld',
    'Wait',
    `${who}. If that one was killed, its last statement may still be running there, and is waited for; ` +
      `when you have made sure that none is, you can go on at once after: ${free}`,
  )
}

/**
 * Takes the lease from a holder that is known to be gone, so that others need not wait until it expires; where there are
 * transactions: elsewhere it is not known whether its last statement is over.
 */
export async function expireLease(
  session: Session,
  dialect: Dialect,
  { table, scope, holder }: Pick<LeaseRequest, 'table' | 'scope' | 'holder'>,
): Promise<void> {
  const { quote, literal } = dialect
  await session.execute(
    `UPDATE ${dialect.table(table)} SET ${freed(dialect)} ` +
      `WHERE ${quote('scope')} = ${literal(scope, 'String')} AND ${quote('holder')} = ${literal(holder, 'String')}`,
  )
}

const freed = ({ quote, literal }: Dialect): string =>
  `${quote('expires_at')} = ${literal(new Date(0).toISOString(), 'Timestamp')}`

const later = ({ seconds, now }: LeaseRequest): Date => new Date(now().getTime() + seconds * 1000)
