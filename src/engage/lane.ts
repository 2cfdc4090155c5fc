import { type Fields, isFields } from '../model/rules.ts'
import type { Column, ColumnOrigin, LogicalType } from '../model/table.ts'
import { OVERFLOW_COLUMN } from '../plan/column-limit.ts'
import { csvCell } from './csv.ts'
import { ExactNumber } from './exact-number.ts'
import { type FitTarget, fit } from './fit.ts'
import { columnIdentifier, type IdentifierRules } from './identifiers.ts'
import { LineBuffer } from './line-buffer.ts'
import { inferType, widen } from './logical-type.ts'
import type { NoteCode } from './notes.ts'
import type { LaneTarget } from './stage-columns.ts'

/** A column as a lane fills it: what the warehouse has, and what this run has learnt. */
export interface LaneColumn extends Column {
  /** Type in the warehouse; absent while the column is not there yet. */
  stored?: LogicalType
  /** Bits of the target tables that have the column, or have met a value for it: only those need it. */
  neededBy: number
}

/** What a lane may do with properties that it meets. */
export interface LanePolicy {
  identifiers: IdentifierRules
  fit: FitTarget
  undeclaredProperties: 'Column' | 'Discard'
  /** The tables that the lane feeds, by their bits, and how many columns each takes beside its standard ones and the overflow's. */
  tables: readonly { bit: number; room: number }[]
  /** Whether an inferred column may become wider; `stored` is absent for a column that is not in the warehouse yet. */
  mayWiden(stored: LogicalType | undefined, to: LogicalType): boolean
  /** Bits of the tables that selective sync leaves the column out of. */
  leftOutOf(column: string): number
  /** The targets that have the column with a type that nothing can be loaded into. */
  refusersOf(column: string): readonly LaneTarget[]
  /** Whether the text "true" or "false" is meant as a boolean under this key: Segment's journeys send such. */
  isJourneyKey(key: string): boolean
}

/** Where a lane tells what it could not load as it stood. */
export interface LaneListener {
  /** A value was changed; `keep` tells whether the original value goes to discards. */
  onChanged(lane: Lane, column: string, note: NoteCode, value: unknown, keep: boolean): void
  /** A value does not go into one of the tables, whose column has a type that is not ours. */
  onRefused(table: string, column: string, value: unknown): void
  /** A value has no column in one of the tables, and goes to the overflow. */
  onOverflow(column: string): void
}

/** Takes finished lines of one width: see StageWriter. */
export type LaneSink = (bytes: Buffer, columns: readonly LaneColumn[], rows: number) => void

export interface LaneParts {
  name: string
  /** Columns at the start, standard columns of the stage first. */
  columns: readonly LaneColumn[]
  /** Names that a property may not take: it gets a `_` prefix. */
  reserved: ReadonlySet<string>
  policy: LanePolicy
  listener: LaneListener
  sink: LaneSink
}

const MAX_DEPTH = 16
/** Calls with ever new keys must not fill the memory. */
const MAX_KEYS = 100_000

/** All bits. */
const EVERY_TABLE = -1

/** What a place in a call is mapped to: a column index, or one of these. */
const UNRESOLVED = -1
const LEFT_OUT = -2
const OVERFLOWS = -3

/** A key of a call, where it was met: remembered, so that a name is worked out once and not for every call. */
class KeyNode {
  readonly path: string
  /** Of the column, once that is worked out. */
  name = ''
  column = UNRESOLVED
  /** Whether the spelling is the column's own name: it wins over other spellings in one call. */
  exact = false
  journey = false
  /** Whether the column is declared as Json: it takes objects as they are. */
  whole = false
  children: Map<string, KeyNode> | undefined

  constructor(path: string) {
    this.path = path
  }
}

/**
 * Turns values of calls into lines of a stage file, and learns columns and types on the way. One lane feeds one stage;
 * it is written for speed: cells are reused, keys are looked up, not computed.
 */
export class Lane {
  readonly name: string
  readonly columns: LaneColumn[] = []
  readonly #index = new Map<string, number>()
  readonly #cells: string[] = []
  /** Of the cells that are not empty: the value as it came, and whether its spelling was exact. */
  readonly #values: unknown[] = []
  readonly #exact: boolean[] = []
  /** By column, where it has any. */
  readonly #refusers: (readonly LaneTarget[] | undefined)[] = []
  readonly #roots = new Map<string, KeyNode>()
  readonly #reserved: ReadonlySet<string>
  readonly #policy: LanePolicy
  readonly #listener: LaneListener
  readonly #lines: LineBuffer
  readonly #traits: { high: number[]; low: number[] } = { high: [], low: [] }
  /** Of each column: bits of the tables that have it, keep a place for it, or never get it. */
  readonly #placed: number[] = []
  /** Of each table: how many columns it still takes. */
  readonly #room: { bit: number; left: number }[]
  #overflow: Record<string, unknown> | undefined
  /** Bits of the row's tables that something overflows in. */
  #overflowing = 0
  #keys = 0
  #targets = 1
  #fed = 0
  #traitHigh = 0
  #traitLow = 0

  constructor({ name, columns, reserved, policy, listener, sink }: LaneParts) {
    this.name = name
    this.#reserved = reserved
    this.#policy = policy
    this.#listener = listener
    this.#lines = new LineBuffer((bytes, width, rows) => sink(bytes, this.columns.slice(0, width), rows))
    this.#room = policy.tables.map(({ bit, room }) => ({ bit, left: room }))
    for (const column of columns) this.#add(column)
  }

  /** Starts a row; `targets` says as bits which tables it is for. */
  begin(targets: number): void {
    this.#targets = targets
    this.#fed |= targets
    this.#traitHigh = 0
    this.#traitLow = 0
    this.#overflow = undefined
    this.#overflowing = 0
    this.#cells.fill('')
    if (this.#keys > MAX_KEYS) {
      this.#roots.clear()
      this.#keys = 0
    }
  }

  /** Sets a standard column, which the caller knows to be there, to a text that fits its type; undefined is NULL. */
  set(column: number, text: string | undefined): void {
    if (text !== undefined) this.#cells[column] = csvCell(text)
  }

  /** Whether the row has a value for the column already. */
  has(column: string): boolean {
    const index = this.#index.get(column)
    return index !== undefined && this.#cells[index] !== ''
  }

  /** Flattens an object into columns, under a prefix such as `context` or none. */
  putObject(prefix: string, value: Fields): void {
    let root = this.#roots.get(prefix)
    if (root === undefined) {
      root = new KeyNode(prefix)
      this.#roots.set(prefix, root)
    }
    this.#flatten(root, value, 0)
  }

  /** Sets a column by its name in the warehouse, whatever the call calls the value; objects become JSON text. */
  putColumn(name: string, value: unknown): void {
    if (value === null || value === undefined) return
    const id = `\0${name}`
    let node = this.#roots.get(id)
    if (node === undefined) {
      node = new KeyNode(name)
      node.name = name
      node.column = this.#isLeftOut(name) ? LEFT_OUT : (this.#index.get(name) ?? OVERFLOWS)
      node.exact = true
      this.#roots.set(id, node)
    }
    this.#put(node, value)
  }

  /** A number that stands for the set of traits which have a value in the row: the sum of their hashes. */
  traitSet(): string {
    return (this.#traitHigh >>> 0).toString(36) + (this.#traitLow >>> 0).toString(36)
  }

  /** Ends the row. */
  end(): void {
    if (this.#overflow !== undefined) this.#putOverflow(this.#overflow)
    this.#lines.write(this.#cells)
  }

  /** Hands over what was built. */
  flush(): void {
    this.#lines.flush()
  }

  /** Bits of the targets that rows were for since the last call. */
  takeFed(): number {
    const fed = this.#fed
    this.#fed = 0
    return fed
  }

  #flatten(node: KeyNode, value: Fields, depth: number): void {
    node.children ??= new Map()
    const children = node.children
    for (const key in value) {
      const item = value[key]
      if (item === null || item === undefined) continue
      let child = children.get(key)
      if (child === undefined) {
        child = new KeyNode(node.path === '' ? key : `${node.path}.${key}`)
        child.journey = this.#policy.isJourneyKey(key)
        child.whole = this.#columnOf(child.path)?.type === 'Json'
        children.set(key, child)
        this.#keys++
      }
      if (child.journey && (item === 'true' || item === 'false')) this.#put(child, item === 'true')
      else if (isNested(item) && !child.whole && depth < MAX_DEPTH) this.#flatten(child, item, depth + 1)
      else this.#put(child, item)
    }
  }

  #put(node: KeyNode, value: unknown): void {
    if (node.column < 0) {
      if (node.column === UNRESOLVED) this.#resolve(node, value)
      if (node.column === OVERFLOWS) this.#keepOverflow(node, value, this.#targets)
      if (node.column < 0) return
    }
    const index = node.column
    const without = this.#withoutPlace(index)
    if (without !== 0) {
      this.#keepOverflow(node, value, without)
      if (without === this.#targets) return
    }
    const column = this.columns[index] as LaneColumn
    const taken = this.#cells[index] !== ''
    if (taken && (this.#exact[index] || !node.exact)) {
      if (value !== this.#values[index]) this.#listener.onChanged(this, column.name, 'OtherSpelling', value, true)
      return
    }

    const cell = this.#fit(column, value)
    if (cell === null) return
    if (!taken) this.#countTrait(index)
    else if (value !== this.#values[index]) {
      this.#listener.onChanged(this, column.name, 'OtherSpelling', this.#values[index], true)
    }
    this.#fill(index, cell, value, this.#targets & ~without)
    this.#values[index] = value
    this.#exact[index] = node.exact
  }

  #fill(index: number, cell: string, value: unknown, tables: number): void {
    const column = this.columns[index] as LaneColumn
    column.neededBy |= tables
    this.#cells[index] = cell
    const refusers = this.#refusers[index]
    if (refusers === undefined) return
    for (const { table, bit } of refusers) {
      if ((bit & tables) !== 0) this.#listener.onRefused(table.name, column.name, value)
    }
  }

  #countTrait(index: number): void {
    this.#traitHigh = (this.#traitHigh + (this.#traits.high[index] ?? 0)) | 0
    this.#traitLow = (this.#traitLow + (this.#traits.low[index] ?? 0)) | 0
  }

  /** The cell of a value, after widening the column where that is allowed; null when the value did not fit. */
  #fit(column: LaneColumn, value: unknown): string | null {
    let fitted = fit(value, column.type, this.#policy.fit)
    if (typeof fitted === 'object' && fitted !== null && fitted.text === null && column.origin === 'Inferred') {
      const inferred = inferType(value)
      const wider = inferred && widen(column.type, inferred)
      if (wider && wider !== column.type && this.#policy.mayWiden(column.stored, wider)) {
        column.type = wider
        fitted = fit(value, wider, this.#policy.fit)
      }
    }
    if (typeof fitted === 'string') {
      return column.type === 'String' || column.type === 'Json' ? csvCell(fitted) : fitted
    }
    if (fitted === null) return null
    this.#listener.onChanged(this, column.name, fitted.note, value, fitted.keep)
    return fitted.text === null ? null : csvCell(fitted.text)
  }

  #resolve(node: KeyNode, value: unknown): void {
    const name = this.#nameOf(node.path)
    node.name = name
    node.exact = node.path.replaceAll('.', '_') === name
    if (this.#isLeftOut(name)) {
      node.column = LEFT_OUT
      return
    }
    const known = this.#index.get(name)
    if (known !== undefined) {
      node.column = known
      return
    }
    const type = inferType(value)
    if (type === undefined) return
    if (this.#policy.undeclaredProperties === 'Discard') {
      node.column = LEFT_OUT
      this.#listener.onChanged(this, name, 'Undeclared', undefined, false)
    } else if (!this.#room.some(({ left }) => left > 0)) node.column = OVERFLOWS
    else if (!this.#room.some(({ bit, left }) => left > 0 && (bit & this.#targets) !== 0)) {
      // Not for good: a row for another table may bring the key, and that has room.
      this.#keepOverflow(node, value, this.#targets)
    } else
      node.column = this.#add({
        name,
        type,
        origin: 'Inferred',
        neededBy: 0,
        ...(node.exact ? {} : { source: node.path }),
      })
  }

  #nameOf(path: string): string {
    const name = columnIdentifier(path, this.#policy.identifiers)
    return this.#reserved.has(name) ? `_${name}` : name
  }

  #columnOf(path: string): LaneColumn | undefined {
    const index = this.#index.get(this.#nameOf(path))
    return index === undefined ? undefined : this.columns[index]
  }

  /** Bits of the row's tables that have no place for the column; one that has room left keeps it one from now on. */
  #withoutPlace(index: number): number {
    const placed = this.#placed[index] ?? 0
    let missing = this.#targets & ~placed
    if (missing === 0) return 0
    for (const table of this.#room) {
      if ((table.bit & missing) === 0 || table.left <= 0) continue
      table.left--
      missing &= ~table.bit
      this.#placed[index] = (this.#placed[index] ?? 0) | table.bit
    }
    return missing
  }

  #isLeftOut(column: string): boolean {
    const without = this.#policy.leftOutOf(column)
    return this.#room.every(({ bit }) => (without & bit) !== 0)
  }

  /** One stage feeds all tables, so they share what overflows: a table may find its own columns in it once more. */
  #keepOverflow({ path, name }: KeyNode, value: unknown, tables: number): void {
    this.#listener.onOverflow(name)
    this.#overflowing |= tables
    if (this.#overflow === undefined) {
      this.#overflow = Object.create(null) as Record<string, unknown>
      this.#countTrait(this.#overflowColumn())
    }
    if (path in this.#overflow) this.#listener.onChanged(this, OVERFLOW_COLUMN, 'OtherSpelling', value, true)
    else this.#overflow[path] = value
  }

  #putOverflow(overflow: Record<string, unknown>): void {
    const index = this.#overflowColumn()
    const column = this.columns[index] as LaneColumn
    const cell = this.#fit(column, overflow)
    if (cell === null) return
    this.#fill(index, cell, overflow, this.#overflowing)
    this.#listener.onChanged(this, OVERFLOW_COLUMN, 'ColumnLimit', undefined, false)
  }

  #overflowColumn(): number {
    return (
      this.#index.get(OVERFLOW_COLUMN) ??
      this.#add({ name: OVERFLOW_COLUMN, type: 'Json', origin: 'Inferred', neededBy: 0 })
    )
  }

  #add(column: LaneColumn): number {
    const index = this.columns.length
    this.columns.push(column)
    this.#index.set(column.name, index)
    this.#cells.push('')
    const refusers = this.#policy.refusersOf(column.name)
    this.#refusers.push(refusers.length === 0 ? undefined : refusers)
    if (isTraitOrigin(column.origin) && column.name !== OVERFLOW_COLUMN) {
      for (const table of this.#room) if ((table.bit & column.neededBy) !== 0) table.left--
      const refusing = refusers.reduce((bits, { bit }) => bits | bit, 0)
      this.#placed.push(column.neededBy | refusing | this.#policy.leftOutOf(column.name))
    } else this.#placed.push(EVERY_TABLE)
    // What users lack is not of their set: a call that comes again once they take it has another one, and gets in.
    const isTrait = isTraitOrigin(column.origin) && !refusers.some(({ kind }) => kind === 'Users')
    this.#traits.high.push(isTrait ? hash(column.name, 0x811c9dc5) : 0)
    this.#traits.low.push(isTrait ? hash(column.name, 0x01000193) : 0)
    return index
  }
}

const isNested = (value: unknown): value is Fields => isFields(value) && !(value instanceof ExactNumber)

const isTraitOrigin = (origin: ColumnOrigin): boolean => origin !== 'Standard'

/** FNV-1a with a finishing mix: the same over runs and machines. */
function hash(text: string, seed: number): number {
  let h = seed
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  return h ^ (h >>> 13)
}
