import { setTimeout as sleep } from 'node:timers/promises'
import { EngageError } from '../model/errors.ts'
import type { TableName } from '../model/table.ts'
import type { Dialect, Session, Warehouse } from './port.ts'

/** The right to write under a scope, as row of the bookkeeping table `leases`. Each new holder has a greater epoch. */
export interface Lease {
  table: TableName
  scope: string
  holder: string
  epoch: number
}

/** Sessions that take the same lease at the same moment make each other fail; a later try finds out who won. */
const ATTEMPTS = 10
/** Longest wait between tries, in milliseconds: by chance, so that two that met do not meet again. */
const LONGEST_WAIT_MS = 50

/**
 * Takes the lease of a scope, when it is free, expired or the holder's own. Throws LeaseHeld (Wait) when another has it.
 * `now` is the caller's clock: those who share a warehouse have clocks that differ by less than the time to live.
 */
export async function acquireLease(
  session: Session,
  dialect: Dialect,
  table: TableName,
  scope: string,
  holder: string,
  ttlSeconds: number,
  now: () => Date,
): Promise<Lease> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await tryToAcquire(session, dialect, table, scope, holder, ttlSeconds, now())
    } catch (error) {
      const again = error instanceof EngageError && error.consequence === 'Retry' && attempt < ATTEMPTS
      if (!again) throw error
      await sleep(Math.random() * LONGEST_WAIT_MS)
    }
  }
}

async function tryToAcquire(
  session: Session,
  { quote, table, literal }: Dialect,
  leases: TableName,
  scope: string,
  holder: string,
  ttlSeconds: number,
  now: Date,
): Promise<Lease> {
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
    const taken = await session.execute(
      `UPDATE ${table(leases)} SET ${holderColumn} = ${text(holder)}, ${epochColumn} = ${epochColumn} + 1, ` +
        `${expiresColumn} = ${time(later(now, ttlSeconds))} ` +
        `WHERE ${ofScope} AND (${holderColumn} = ${text(holder)} OR ${expiresColumn} <= ${time(now)}) ` +
        `AND NOT EXISTS (SELECT 1 FROM ${table(leases)} AS other WHERE other.${ofScope} ` +
        `AND other.${holderColumn} <> ${text(holder)} AND other.${expiresColumn} > ${time(now)})`,
    )
    const row = await read()
    if (taken === 0) {
      throw new EngageError(
        'LeaseHeld',
        'Wait',
        `${scope} is being written by ${row?.holder ?? 'another run'} until ${row?.expires_at ?? 'it ends'}`,
      )
    }
    const epoch = Number(row?.epoch)
    await session.execute(
      `DELETE FROM ${table(leases)} WHERE ${ofScope} AND ${epochColumn} < ${literal(String(epoch), 'Integer')}`,
    )
    return { table: leases, scope, holder, epoch }
  })
}

/** Extends the lease. Throws LeaseLost (Retry) when another has it meanwhile. */
export async function renewLease(
  session: Session,
  dialect: Dialect,
  lease: Lease,
  ttlSeconds: number,
  now: () => Date,
): Promise<void> {
  const expires = dialect.literal(later(now(), ttlSeconds).toISOString(), 'Timestamp')
  await updateOwn(session, dialect, lease, `${dialect.quote('expires_at')} = ${expires}`)
}

/**
 * Writes that only the holder of a lease may make, in one transaction where there are such. Throws LeaseLost (Retry) when
 * another has it. The check then comes last: it writes to the row of the lease, so that nobody can take it before the
 * commit, and some warehouses lock more than that row, which others wait for. Without transactions it comes first.
 */
export async function writeAsHolder(
  session: Session,
  { dialect, capabilities }: Pick<Warehouse, 'dialect' | 'capabilities'>,
  lease: Lease,
  write: () => Promise<void>,
): Promise<void> {
  await session.transaction(async () => {
    if (!capabilities.transactions) await checkEpoch(session, dialect, lease)
    await write()
    if (capabilities.transactions) await checkEpoch(session, dialect, lease)
  })
}

/** Throws LeaseLost (Retry) when another has the lease. Writes to its row. */
export async function checkEpoch(session: Session, dialect: Dialect, lease: Lease): Promise<void> {
  await updateOwn(session, dialect, lease, `${dialect.quote('holder')} = ${dialect.quote('holder')}`)
}

/** Gives the lease back; the row stays, so that epochs go on rising. */
export async function releaseLease(session: Session, dialect: Dialect, lease: Lease): Promise<void> {
  const { quote, literal } = dialect
  const free = literal(new Date(0).toISOString(), 'Timestamp')
  await session.execute(
    `UPDATE ${dialect.table(lease.table)} SET ${quote('expires_at')} = ${free} WHERE ${own(dialect, lease)}`,
  )
}

/** Takes the lease from a holder that is known to be gone: others need not wait until it expires. */
export async function expireLease(
  session: Session,
  { quote, table, literal }: Dialect,
  leases: TableName,
  scope: string,
  holder: string,
): Promise<void> {
  const free = literal(new Date(0).toISOString(), 'Timestamp')
  const [ofScope, ofHolder] = [literal(scope, 'String'), literal(holder, 'String')]
  await session.execute(
    `UPDATE ${table(leases)} SET ${quote('expires_at')} = ${free} WHERE ${quote('scope')} = ${ofScope} AND ${quote('holder')} = ${ofHolder}`,
  )
}

async function updateOwn(session: Session, dialect: Dialect, lease: Lease, assignment: string): Promise<void> {
  const count = await session.execute(
    `UPDATE ${dialect.table(lease.table)} SET ${assignment} WHERE ${own(dialect, lease)}`,
  )
  if (count > 0) return
  throw new EngageError('LeaseLost', 'Retry', `another run took ${lease.scope} over from ${lease.holder}`)
}

const own = ({ quote, literal }: Dialect, { scope, holder, epoch }: Lease): string =>
  `${quote('scope')} = ${literal(scope, 'String')} AND ${quote('holder')} = ${literal(holder, 'String')} ` +
  `AND ${quote('epoch')} = ${literal(String(epoch), 'Integer')}`

const later = (date: Date, seconds: number): Date => new Date(date.getTime() + seconds * 1000)
