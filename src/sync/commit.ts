import type { LaneColumn } from '../engage/lane.ts'
import { IDENTIFIES_FLAG, type LaneTarget } from '../engage/stage-columns.ts'
import type { TableName, TypedColumn } from '../model/table.ts'
import { bookkeepingTable, usersTwin } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import { statementsOf } from '../plan/ddl.ts'
import { standardColumns, standardNames } from '../plan/standard-tables.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Lease } from '../warehouses/lease.ts'
import type { Dialect, EventsMerge, Session, StagePart, Statement, UsersMerge, Warehouse } from '../warehouses/port.ts'
import type { Catalog } from './catalog.ts'
import type { Checkpoints, Progress } from './checkpoints.ts'
import { dedupeRange } from './dedupe-range.ts'
import { statementsForRun } from './registry.ts'
import { removeParts } from './stage-writer.ts'

/** A stretch of calls that is committed as one: its rows, its discards and how far it got. */
export interface Segment {
  /** `fed` has the bits of the targets that rows are for. */
  stages: { targets: readonly LaneTarget[]; fed: number; columns: LaneColumn[]; parts: StagePart[] }[]
  discards: StagePart[]
  progress: Progress[]
}

export interface CommitContext {
  session: Session
  warehouse: Warehouse
  order: WorkOrder
  catalog: Catalog
  checkpoints: Checkpoints
  lease: Lease
  runId: string
  now: () => Date
  /** Whether selective sync leaves a column of a table out. */
  isLeftOut(table: TableName, column: string): boolean
}

export interface Committed {
  rows: Map<string, number>
  newColumns: Map<string, { name: string; type: string }[]>
}

/** Identify calls that are in the warehouse, but not merged into users yet. */
interface PendingUsers {
  target: LaneTarget
  /** `columns` are those that hold something for users: the type of others need not be the twin's. */
  stages: { name: string; columns: ReadonlySet<string>; rows: number }[]
}

/**
 * Commits segments: evolves the tables, merges the rows and records the progress, in one transaction where the warehouse
 * has a fitting one. Where it has none the order is what makes a crash harmless: tables, rows (merged, so that they can
 * come again), then the checkpoint. Users, of whom every call changes one, are merged once for many segments, with a
 * checkpoint of their own: after a crash their calls are read again.
 */
export class Committer {
  readonly #context: CommitContext
  readonly #userProgress = new Map<string, Progress>()
  #pending: PendingUsers | undefined

  constructor(context: CommitContext) {
    this.#context = context
  }

  /** Rows that wait for `mergeUsers`. */
  get pendingRows(): number {
    return this.#pending?.stages.reduce((sum, { rows }) => sum + rows, 0) ?? 0
  }

  async commit(segment: Segment): Promise<Committed> {
    const { session, warehouse, catalog, checkpoints, lease, order, runId } = this.#context
    const { dialect, capabilities } = warehouse
    const loadedAt = this.#context.now().toISOString()
    const merges = segment.stages.map((stage) => ({ ...stage, ...planStage(this.#context, stage) }))
    const changes = merges.flatMap((merge) => merge.changes)
    // Stages that wait were written with the types of their time.
    const widened = changes.some((change) => change.kind === 'WidenColumn')
    const committed = widened ? await this.mergeUsers() : nothing()
    const evolve = async (execute: Session['execute']) => {
      for (const sql of statementsOf(dialect, changes)) await execute(sql)
    }
    if (!capabilities.transactionalDdl) await evolve((sql) => lease.execute(sql))

    const schema = order.bookkeepingSchema
    const stages: string[] = []
    try {
      for (const { columns, parts } of segment.stages) stages.push(await session.stage({ schema, columns, parts }))
      const ranges = await this.#ranges(stages)
      const discards = bookkeepingTable(order.bookkeepingSchema, 'discards')
      const discardStage =
        segment.discards.length > 0 &&
        (await session.stage({ schema, columns: discards.columns, parts: segment.discards }))
      if (discardStage) stages.push(discardStage)
      await lease.write(async (execute) => {
        if (capabilities.transactionalDdl) await evolve(execute)
        for (const [number, merge] of merges.entries()) {
          const stage = stages[number]
          if (stage === undefined) continue
          for (const { target, columns } of merge.tables) {
            const statements = mergeRows(dialect, target, { stage, columns, loadedAt, ...ranges[number] })
            await run(execute, statements, target.table.name, committed)
          }
        }
        if (discardStage) {
          const columns = discards.columns.map((column) => column.name)
          await run(execute, dialect.insertMissing({ target: discards, stage: discardStage, columns }), '', committed)
        }
        const ledger = [
          ...statementsForRun(dialect, order, changes, runId, loadedAt),
          ...checkpoints.statements('Activations', segment.progress, runId, loadedAt),
        ]
        for (const sql of ledger) await execute(sql)
      })
      catalog.apply(changes)
      checkpoints.committed('Activations', segment.progress)
      for (const [number, merge] of merges.entries()) this.#keepForUsers(merge, stages, number)
      for (const entry of segment.progress) this.#userProgress.set(progressKey(entry), entry)
    } finally {
      for (const stage of stages) if (stage !== '') await session.dropStage(stage)
    }
    await removeParts([...segment.stages.flatMap((stage) => stage.parts), ...segment.discards])
    committed.rows.delete('')
    addNewColumns(committed.newColumns, changes, order.bookkeepingSchema)
    return committed
  }

  /**
   * Merges what waits into users, in transactions of portions: the merge can come again, so the progress is recorded in
   * the last one.
   */
  async mergeUsers(): Promise<Committed> {
    const committed = nothing()
    const { session, warehouse, checkpoints, lease, runId } = this.#context
    const { dialect } = warehouse
    const progress = [...this.#userProgress.values()]
    const pending = this.#pending
    if (progress.length === 0 && !pending) return committed
    const loadedAt = this.#context.now().toISOString()
    if (pending) {
      const users = pending.target.table
      for (const portion of dialect.mergeUsers(this.#usersMerge(pending, loadedAt))) {
        await lease.write((execute) => run(execute, portion, users.name, committed))
      }
    }
    await lease.write(async (execute) => {
      for (const sql of checkpoints.statements('Users', progress, runId, loadedAt)) await execute(sql)
    })
    checkpoints.committed('Users', progress)
    this.#userProgress.clear()
    this.#pending = undefined
    for (const { name } of pending?.stages ?? []) await session.dropStage(name)
    return committed
  }

  #usersMerge({ target, stages }: PendingUsers, loadedAt: string): UsersMerge {
    const { warehouse, order, catalog, isLeftOut } = this.#context
    const users = target.table
    const twin = twinOf(order, target)
    const columns = catalog.columnsOf(twin)
    const standard = standardNames('UsersTwin')
    const traits: TypedColumn[] = []
    const kept: string[] = []
    for (const [name, { type }] of columns) {
      if (standard.has(name)) continue
      // Somebody may have dropped or renamed the column of users: it comes back with the next value for it.
      const isMissing = !catalog.columnsOf(users).has(name)
      if (type === undefined || isMissing || isLeftOut(users, name) || catalog.refuses(target, name)) kept.push(name)
      else traits.push({ name, type })
    }
    const stage = unionOf(warehouse.dialect, stages, columns)
    return { users, twin, stage, traits, kept, rows: this.pendingRows, loadedAt }
  }

  /** Where duplicates of each stage's rows are looked for: everywhere, or near their times. */
  async #ranges(stages: readonly string[]): Promise<Pick<EventsMerge, 'within'>[]> {
    const { session, warehouse, order } = this.#context
    if (!warehouse.capabilities.prunesByTime) return []
    const ranges: Pick<EventsMerge, 'within'>[] = []
    for (const stage of stages)
      ranges.push(await dedupeRange(session, warehouse.dialect, stage, order.policy.dedupeDays))
    return ranges
  }

  /** Takes the stage of identify calls out of those that are dropped, where users come from it. */
  #keepForUsers({ targets, fed, columns, parts }: Segment['stages'][number], stages: string[], number: number): void {
    const target = targets.find(({ kind, bit }) => kind === 'Users' && (fed & bit) !== 0)
    const name = stages[number]
    if (!target || name === undefined) return
    this.#pending ??= { target, stages: [] }
    const rows = parts.reduce((sum, part) => sum + part.rows, 0)
    const held = columns.filter(({ origin }) => origin === 'Standard')
    held.push(...neededOf(this.#context, target, columns))
    this.#pending.stages.push({ name, columns: new Set(held.map((column) => column.name)), rows })
    stages[number] = ''
  }
}

/** Runs statements that write to a table, and counts its rows. */
async function run(
  execute: Session['execute'],
  statements: readonly Statement[],
  table: string,
  { rows }: Committed,
): Promise<void> {
  for (const { sql, counts } of statements) {
    const affected = await execute(sql)
    if (counts) rows.set(table, (rows.get(table) ?? 0) + affected)
  }
}

const nothing = (): Committed => ({ rows: new Map(), newColumns: new Map() })

const progressKey = ({ source, object, version }: Progress): string => JSON.stringify([source, object, version])

/** Stages as one relation with the columns of the twin: those that a stage lacks are NULL in it. */
function unionOf(
  { quote, sqlType }: Dialect,
  stages: PendingUsers['stages'],
  columns: ReturnType<Catalog['columnsOf']>,
): string {
  const [only] = stages
  const names = [...columns.keys()]
  if (stages.length === 1 && only && names.every((name) => only.columns.has(name))) return only.name
  const missing = (name: string) => `CAST(NULL AS ${sqlType(columns.get(name)?.type ?? 'String')}) AS ${quote(name)}`
  const selects = stages.map(
    (stage) =>
      `SELECT ${names.map((name) => (stage.columns.has(name) ? quote(name) : missing(name))).join(', ')} FROM ${stage.name}`,
  )
  return `(${selects.join(' UNION ALL ')})`
}

/**
 * The tables that a stage feeds with the columns of each, and what must change before. Columns of one lane widen in all
 * of its tables, also in one that gets no row this time: types do not depend on which calls came together.
 */
function planStage(context: CommitContext, { targets, fed, columns }: Segment['stages'][number]) {
  const changes: Change[] = []
  const tables = targets.flatMap((target) => {
    const isFed = (fed & target.bit) !== 0
    if (!isFed && !context.catalog.has(target.table)) return []
    const isTwin = target.kind === 'Users'
    const needed = neededOf(context, target, columns)
    changes.push(...context.catalog.evolve(target.table, target.kind, needed))
    if (isTwin) changes.push(...context.catalog.evolve(twinOf(context.order, target), 'UsersTwin', needed))
    return isFed ? [{ target, columns: needed }] : []
  })
  return { changes, tables }
}

/** The columns beside the standard ones that have something for a table. */
const neededOf = ({ isLeftOut, catalog }: CommitContext, target: LaneTarget, columns: readonly LaneColumn[]) =>
  columns.filter(
    ({ name, origin, neededBy }) =>
      origin !== 'Standard' &&
      (neededBy & target.bit) !== 0 &&
      !isLeftOut(target.table, name) &&
      !catalog.refuses(target, name),
  )

const twinOf = (order: WorkOrder, target: LaneTarget): TableName =>
  usersTwin(order.bookkeepingSchema, target.table.schema)

/** Users are merged later: see Committer. */
function mergeRows(
  dialect: Dialect,
  { table, kind }: LaneTarget,
  merge: Pick<EventsMerge, 'stage' | 'within' | 'loadedAt'> & { columns: readonly TypedColumn[] },
): Statement[] {
  if (kind === 'Users' || kind === 'UsersTwin') return []
  const standard = standardColumns(kind).filter(({ name }) => name !== 'uuid_ts')
  const only = kind === 'Identifies' ? { only: IDENTIFIES_FLAG } : {}
  return dialect.mergeEvents({ ...merge, ...only, target: table, columns: [...standard, ...merge.columns] })
}

function addNewColumns(found: Committed['newColumns'], changes: readonly Change[], bookkeepingSchema: string): void {
  for (const change of changes) {
    if (change.kind !== 'AddColumn' || change.table.schema === bookkeepingSchema) continue
    const { name, type } = change.column
    found.set(change.table.name, [...(found.get(change.table.name) ?? []), { name, type }])
  }
}
