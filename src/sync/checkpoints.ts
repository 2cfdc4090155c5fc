import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Subscription } from '../engage/route.ts'
import { bookkeepingTable } from '../plan/bookkeeping.ts'
import type { Dialect, Session } from '../warehouses/port.ts'
import { insertRows, type LedgerRow } from './ledger.ts'

/** Position of an object that was read to its end and cannot grow. */
export const END = Number.MAX_SAFE_INTEGER

/** How far an object was read. */
export interface Progress {
  source: string
  object: string
  version: string
  /** Byte offset after the last line that was read. */
  position: number
  firstSeen: string
}

/** Subscriptions that progress together: users are merged less often than the rows of activations. */
export type ReaderGroup = 'Activations' | 'Users'

/** A subscription as the ledger has it: another id is another reader, which starts at 0. */
export interface Member {
  of: Subscription['of']
  id: string
}

interface ReaderSet {
  hash: string
  members: string[]
  stored: boolean
}

/**
 * Positions per object and subscription. A row of the ledger is kept per object and commit, for a whole set of
 * subscriptions (by its hash): an activation that is added later is not in the older sets, so it starts at 0.
 */
export class Checkpoints {
  readonly #session: Session
  readonly #dialect: Dialect
  readonly #schema: string
  readonly #scope: string
  readonly #members: readonly string[]
  readonly #sets: Record<ReaderGroup, ReaderSet>
  readonly #known = new Map<string, { reached: Float64Array; firstSeen: string }>()
  readonly #everSeen = new Set<string>()
  #skipped: (ReaderSet & { progress: readonly Progress[] }) | undefined

  constructor(session: Session, dialect: Dialect, schema: string, scope: string, members: readonly Member[]) {
    this.#session = session
    this.#dialect = dialect
    this.#schema = schema
    this.#scope = scope
    const idsOf = (of: Member['of']) => members.flatMap((member) => (member.of === of ? [member.id] : []))
    this.#members = members.map(({ id }) => id)
    this.#sets = { Activations: setOf(idsOf('Activation')), Users: setOf(idsOf('Users')) }
  }

  async load(): Promise<void> {
    const { quote, table, literal } = this.#dialect
    const sets = await this.#session.query(
      `SELECT ${quote('hash')}, members FROM ${table({ schema: this.#schema, name: 'subscription_sets' })}`,
    )
    const membersOf = new Map(sets.map((row) => [row.hash, ids.parse(JSON.parse(row.members ?? '[]'))]))
    for (const set of Object.values(this.#sets)) set.stored = membersOf.has(set.hash)
    const rows = await this.#session.query(
      `SELECT source, object, version, subscriptions, max(${quote('position')}) AS reached, min(first_seen_at) AS first_seen ` +
        `FROM ${table({ schema: this.#schema, name: 'checkpoints' })} WHERE scope = ${literal(this.#scope, 'String')} ` +
        'GROUP BY source, object, version, subscriptions',
    )
    const numbers = new Map(this.#members.map((member, number) => [member, number]))
    for (const row of rows) {
      const key = keyOf(row.source ?? '', row.object ?? '', row.version ?? '')
      const known = this.#known.get(key) ?? { reached: new Float64Array(this.#members.length), firstSeen: '9999' }
      this.#known.set(key, known)
      if (row.first_seen && row.first_seen < known.firstSeen) known.firstSeen = row.first_seen
      for (const member of membersOf.get(row.subscriptions ?? '') ?? []) {
        this.#everSeen.add(member)
        const number = numbers.get(member)
        if (number !== undefined) known.reached[number] = Math.max(known.reached[number] ?? 0, Number(row.reached))
      }
    }
  }

  /** Positions of every subscription in an object, and when it was first seen; undefined: never. */
  of(source: string, object: string, version: string): { reached: Float64Array; firstSeen: string } | undefined {
    return this.#known.get(keyOf(source, object, version))
  }

  /** Whether the subscription has never read anything: with `backfill: None` it then starts behind what is there. */
  isNew(subscription: number): boolean {
    return !this.#everSeen.has(this.#members[subscription] ?? '')
  }

  /** Lets new subscriptions start behind these ends, of which there may be none; recorded with the next progress. */
  skip(subscriptions: readonly number[], ends: readonly Progress[]): void {
    const members = subscriptions.map((number) => this.#members[number] ?? '')
    this.#skipped = { ...setOf(members), progress: [NOTHING_READ, ...ends] }
    for (const { source, object, version, position, firstSeen } of ends) {
      const key = keyOf(source, object, version)
      const known = this.#known.get(key) ?? { reached: new Float64Array(this.#members.length), firstSeen }
      this.#known.set(key, known)
      for (const number of subscriptions) known.reached[number] = position
    }
  }

  /** The INSERTs that record the progress of a group, to be run in the transaction of its rows. */
  statements(group: ReaderGroup, progress: readonly Progress[], runId: string, now: string): string[] {
    const set = this.#sets[group]
    const rows = set.members.length > 0 ? progress.map((entry) => this.#row(entry, set.hash, runId, now)) : []
    const sets: LedgerRow[] = rows.length > 0 && !set.stored ? [setRow(set)] : []
    if (this.#skipped) {
      const { hash } = this.#skipped
      if (
        !sets.some((row) => row.hash === hash) &&
        !Object.values(this.#sets).some((known) => known.stored && known.hash === hash)
      ) {
        sets.push(setRow(this.#skipped))
      }
      rows.push(...this.#skipped.progress.map((entry) => this.#row(entry, hash, runId, now)))
    }
    if (rows.length === 0) return []
    return [
      ...insertRows(this.#dialect, bookkeepingTable(this.#schema, 'subscription_sets'), sets),
      ...insertRows(this.#dialect, bookkeepingTable(this.#schema, 'checkpoints'), rows),
    ]
  }

  #row(entry: Progress, subscriptions: string, runId: string, now: string): LedgerRow {
    return {
      scope: this.#scope,
      source: entry.source,
      object: entry.object,
      version: entry.version,
      subscriptions,
      position: String(entry.position),
      first_seen_at: entry.firstSeen,
      run_id: runId,
      created_at: now,
    }
  }

  /** To be called when the statements of a group were committed; there was progress or not. */
  committed(group: ReaderGroup, progress: readonly Progress[]): void {
    const set = this.#sets[group]
    if (progress.length > 0 && set.members.length > 0) set.stored = true
    if (this.#skipped) {
      for (const known of Object.values(this.#sets)) if (known.hash === this.#skipped.hash) known.stored = true
    }
    this.#skipped = undefined
  }
}

const ids = z.array(z.string())

const setRow = ({ hash, members }: ReaderSet): LedgerRow => ({ hash, members: JSON.stringify(members) })

/** Shows that a subscription was there, also when there was no object to skip. */
const NOTHING_READ: Progress = {
  source: '',
  object: '',
  version: '',
  position: 0,
  firstSeen: new Date(0).toISOString(),
}

function setOf(members: string[]): ReaderSet {
  const hash = createHash('sha256').update(JSON.stringify(members)).digest('hex').slice(0, 16)
  return { hash, members, stored: false }
}

const keyOf = (source: string, object: string, version: string): string => JSON.stringify([source, object, version])
