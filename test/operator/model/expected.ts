import { type Activation, type Declared, isValid } from './declared.ts'
import { ownerOf, type SqlType, type Wanted, wanted } from './wanted.ts'

/** Columns with their types, by `WAREHOUSE SCHEMA.TABLE`. */
export type Tables = ReadonlyMap<string, ReadonlyMap<string, SqlType>>

/** What is known when all is quiet. */
export interface Belief {
  tables: Tables
  /** Who has a part in a table, by `ownerOf`, though he may be gone; false where it is not sure. */
  claims: ReadonlyMap<string, ReadonlyMap<string, boolean>>
  /** Activations that are kept, when they are deleted, until their tables are dropped; false where it is not sure. */
  holders: ReadonlyMap<string, boolean>
  /** Activations that are kept so, because their destination is not there. */
  leaving: ReadonlyMap<string, Activation>
}

export const NOTHING: Belief = { tables: new Map(), claims: new Map(), holders: new Map(), leaving: new Map() }

export interface ExpectedTable {
  presence: 'Must' | 'Gone' | 'Either'
  columns: ReadonlyMap<string, { types: ReadonlySet<SqlType>; must: boolean }>
  /** Whether it is the very table that was there. */
  isSame: boolean
}

/**
 * What must be true at the next quiet point, from what was known at the last one and from all that was declared since,
 * the last being what is declared now. Where it depends on how fast the operator was, either is right.
 */
export class Expected {
  readonly tables: ReadonlyMap<string, ExpectedTable>
  /** Deleted activations that must still be there, or may be. */
  readonly leaving: ReadonlyMap<string, 'Must' | 'Either'>
  readonly #before: Belief
  readonly #history: readonly Declared[]
  readonly #now: Declared
  readonly #wanted: Wanted
  /** What the operator may have wanted meanwhile. */
  readonly #possible: Wanted
  readonly #deleted: ReadonlyMap<string, Deleted>

  constructor(before: Belief, history: readonly Declared[]) {
    const now = history.at(-1)
    if (!now) throw new RangeError('something is declared')
    this.#before = before
    this.#history = history
    this.#now = now
    this.#wanted = wanted(now.spaces.values(), now.activations.values(), now.warehouses)
    this.#possible = wanted(
      new Set(history.flatMap(({ spaces }) => [...spaces.values()])),
      new Set(history.flatMap(({ activations }) => [...activations.values()])),
      new Set(history.flatMap(({ warehouses }) => [...warehouses])),
    )
    this.#deleted = this.#findDeleted()
    const ids = new Set([...before.tables.keys(), ...this.#possible.tables.keys()])
    this.tables = new Map([...ids].map((id) => [id, this.#table(id)]))
    const leaving = new Map<string, 'Must' | 'Either'>()
    for (const [name, { blocked }] of this.#deleted) if (blocked !== 'No') leaving.set(name, LEAVING[blocked])
    this.leaving = leaving
  }

  /** What is known once it has been looked at: the tables that were found, and the deleted activations. */
  belief(tables: Tables, leaving: ReadonlySet<string>): Belief {
    const claims = new Map([...this.#before.claims].map(([id, owners]) => [id, new Map(owners)]))
    for (const owners of claims.values()) {
      for (const [name, { activation, release }] of this.#deleted) {
        const owner = ownerOf(activation)
        if (leaving.has(name) || release === 'No' || !owners.has(owner)) continue
        if (release === 'Yes') owners.delete(owner)
        else owners.set(owner, false)
      }
    }
    const claim = (id: string, owner: string, isSure: boolean) => {
      const owners = claims.get(id) ?? new Map<string, boolean>()
      // One of the same name takes the place of who had it before.
      const former = [...owners.keys()].filter((other) => other !== owner && nameOf(other) === nameOf(owner))
      for (const other of former) isSure ? owners.delete(other) : owners.set(other, false)
      owners.set(owner, isSure || owners.get(owner) === true)
      claims.set(id, owners)
    }
    for (const [id, owners] of this.#possible.claims) for (const owner of owners) claim(id, owner, false)
    for (const [id, owners] of this.#wanted.claims) for (const owner of owners) claim(id, owner, true)
    return { tables, claims, holders: this.#holders(), leaving: this.#leavingOf(leaving) }
  }

  #table(id: string): ExpectedTable {
    const [now, was, possible] = [
      this.#wanted.tables.get(id),
      this.#before.tables.get(id),
      this.#possible.tables.get(id),
    ]
    const dropped = this.#isDropped(id)
    const columns = new Map<string, { types: Set<SqlType>; must: boolean }>()
    for (const [name, types] of possible ?? []) columns.set(name, { types: new Set(types), must: false })
    for (const [name, type] of was ?? []) {
      columns.set(name, { types: (columns.get(name)?.types ?? new Set()).add(type), must: dropped === 'No' })
    }
    for (const [name, types] of now ?? []) columns.set(name, { types, must: true })
    const presence = now ? 'Must' : was ? WHETHER[dropped] : possible ? 'Either' : 'Gone'
    return { presence, columns, isSame: was !== undefined && dropped === 'No' }
  }

  /** Whether a table goes with activations that were deleted: all who have a part in it, each with the right to drop. */
  #isDropped(id: string): Answer {
    const claims = this.#before.claims.get(id) ?? new Map<string, boolean>()
    const possible = this.#possible.claims.get(id) ?? new Set<string>()
    const releases = new Map(
      [...this.#deleted.values()].map(({ activation, release }) => [ownerOf(activation), release]),
    )
    const releaseOf = (owner: string) => releases.get(owner) ?? 'No'
    const owners = [...new Set([...claims.keys(), ...possible])]
    if (owners.every((owner) => releaseOf(owner) === 'No')) return 'No'
    if (owners.some((owner) => claims.get(owner) === true && releaseOf(owner) === 'No')) return 'No'
    const isSure = owners.every((owner) => claims.get(owner) === true && releaseOf(owner) === 'Yes')
    return isSure ? 'Yes' : 'Maybe'
  }

  #findDeleted(): Map<string, Deleted> {
    const { leaving, holders } = this.#before
    const found = new Map<string, Deleted>()
    for (const [name, activation] of leaving) found.set(name, this.#deletionOf([activation], true))
    for (const { activations } of this.#history) {
      for (const name of activations.keys()) {
        if (this.#now.activations.has(name)) continue
        const versions = this.#history.flatMap((declared) => declared.activations.get(name) ?? [])
        found.set(name, this.#deletionOf([...new Set(versions)], holders.get(name)))
      }
    }
    return found
  }

  #deletionOf(versions: readonly Activation[], holds: boolean | undefined): Deleted {
    const [activation] = versions
    if (!activation) throw new RangeError('what is deleted was there')
    const isThere = ({ warehouses }: Declared) => warehouses.has(activation.warehouse)
    const mayHold = versions.some(({ drops }) => drops)
    const surelyHolds = holds === true && versions.length === 1 && mayHold
    return {
      activation,
      release: surelyHolds && isThere(this.#now) ? 'Yes' : mayHold && this.#history.some(isThere) ? 'Maybe' : 'No',
      blocked: isThere(this.#now) || !mayHold ? 'No' : surelyHolds && !this.#history.some(isThere) ? 'Yes' : 'Maybe',
    }
  }

  #holders(): Map<string, boolean> {
    const holders = new Map<string, boolean>()
    for (const [name, activation] of this.#now.activations) {
      if (!activation.drops) continue
      const wasSure = this.#before.holders.get(name) === true
      const versions = new Set(this.#history.flatMap((declared) => declared.activations.get(name) ?? []))
      holders.set(name, isValid(this.#now, activation) || (wasSure && [...versions].every(({ drops }) => drops)))
    }
    return holders
  }

  #leavingOf(names: ReadonlySet<string>): Map<string, Activation> {
    return new Map([...names].flatMap((name) => [[name, this.#deleted.get(name)?.activation] as const]).filter(isKnown))
  }
}

type Answer = 'Yes' | 'No' | 'Maybe'
const LEAVING = { Yes: 'Must', Maybe: 'Either' } as const
const WHETHER = { Yes: 'Gone', No: 'Must', Maybe: 'Either' } as const

interface Deleted {
  activation: Activation
  /** Whether it has dropped what is its own. */
  release: Answer
  /** Whether it is still there, because that cannot be done yet. */
  blocked: Answer
}

const nameOf = (owner: string): string => owner.split('#')[0] ?? ''
const isKnown = (entry: readonly [string, Activation | undefined]): entry is [string, Activation] =>
  entry[1] !== undefined

/** What is wrong with the tables that were found, in words. */
export function complaints(expected: ReadonlyMap<string, ExpectedTable>, found: Tables): string[] {
  const strangers = [...found.keys()].filter((id) => !expected.has(id)).map((id) => `${id} should not be there`)
  const wrong = [...expected].flatMap(([id, { presence, columns }]) => {
    const table = found.get(id)
    if (!table) return presence === 'Must' ? [`${id} is missing`] : []
    if (presence === 'Gone') return [`${id} should be gone`]
    const missing = [...columns].filter(([name, { must }]) => must && !table.has(name))
    const others = [...table].filter(([name, type]) => !columns.get(name)?.types.has(type))
    return [
      ...missing.map(([name, { types }]) => `${id} has no column ${name} (${[...types].join(' or ')})`),
      ...others.map(([name, type]) => {
        const types = columns.get(name)?.types
        return `${id} has the column ${name} ${type}, ${types ? `not ${[...types].join(' or ')}` : 'which nobody made'}`
      }),
    ]
  })
  return [...strangers, ...wrong]
}
