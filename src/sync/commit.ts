import { IDENTIFIES_FLAG, type LaneTarget } from '../engage/convert.ts'
import type { LaneColumn } from '../engage/lane.ts'
import type { TableName } from '../model/table.ts'
import { bookkeepingTable, usersTwin } from '../plan/bookkeeping.ts'
import type { Change } from '../plan/change.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { checkEpoch, type Lease } from '../warehouses/lease.ts'
import type { Session, StagePart, Statement, Warehouse } from '../warehouses/port.ts'
import type { Catalog } from './catalog.ts'
import type { Checkpoints, Progress } from './checkpoints.ts'
import { registerStatements } from './register.ts'
import { removeParts } from './stage-writer.ts'

/** A stretch of calls that is committed as one: its rows, its discards and how far it got. */
export interface Segment {
  stages: { targets: readonly LaneTarget[]; columns: LaneColumn[]; parts: StagePart[] }[]
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

/**
 * Evolves the tables, merges the rows and records the progress, in one transaction where the warehouse has a fitting
 * one. Where it has none the order is what makes a crash harmless: tables, rows (merged, so that they can come again),
 * then the checkpoint.
 */
export async function commitSegment(context: CommitContext, segment: Segment): Promise<Committed> {
  const { session, warehouse, catalog, checkpoints } = context
  const { dialect, capabilities } = warehouse
  const loadedAt = context.now().toISOString()
  const merges = segment.stages.map((stage) => ({ ...stage, ...planStage(context, stage) }))
  const changes = merges.flatMap((merge) => merge.changes)
  const evolve = async () => {
    for (const change of changes) for (const sql of dialect.change(change)) await session.execute(sql)
  }
  const rows = new Map<string, number>()
  const run = async (table: string, statements: readonly Statement[]) => {
    for (const { sql, counts } of statements) {
      const affected = await session.execute(sql)
      if (counts) rows.set(table, (rows.get(table) ?? 0) + affected)
    }
  }
  if (!capabilities.transactionalDdl) await evolve()

  const stages: string[] = []
  try {
    for (const { columns, parts } of segment.stages) stages.push(await session.stage({ columns, parts }))
    const discards = bookkeepingTable(context.order.bookkeepingSchema, 'discards')
    const discardStage =
      segment.discards.length > 0 && (await session.stage({ columns: discards.columns, parts: segment.discards }))
    if (discardStage) stages.push(discardStage)
    await session.transaction(async () => {
      await checkEpoch(session, dialect, context.lease)
      if (capabilities.transactionalDdl) await evolve()
      for (const [number, merge] of merges.entries()) {
        const stage = stages[number]
        if (stage === undefined) continue
        for (const { target, columns } of merge.tables) {
          await run(target.table.name, mergeStatements(context, target, stage, columns, loadedAt))
        }
      }
      if (discardStage) {
        const columns = discards.columns.map((column) => column.name)
        await run('', dialect.insertMissing({ target: discards, stage: discardStage, columns }))
      }
      const ledger = [
        ...registerStatements(dialect, context.order, changes, context.runId, loadedAt),
        ...checkpoints.statements(segment.progress, context.runId, loadedAt),
      ]
      for (const sql of ledger) await session.execute(sql)
    })
  } finally {
    for (const stage of stages) await session.dropStage(stage)
  }
  catalog.apply(changes)
  checkpoints.committed()
  await removeParts([...segment.stages.flatMap((stage) => stage.parts), ...segment.discards])
  rows.delete('')
  return { rows, newColumns: newColumnsOf(changes, context.order.bookkeepingSchema) }
}

/** The tables that a stage feeds with the columns of each, and what must change before. */
function planStage(context: CommitContext, { targets, columns }: Segment['stages'][number]) {
  const changes: Change[] = []
  const tables = targets.map((target) => {
    const isTwin = target.kind === 'Users'
    const needed = columns.filter(
      (column) =>
        column.origin !== 'Standard' &&
        (column.neededBy & target.bit) !== 0 &&
        !context.isLeftOut(target.table, column.name),
    )
    changes.push(...context.catalog.evolve(target.table, target.kind, needed))
    if (isTwin) changes.push(...context.catalog.evolve(twinOf(context.order, target), 'UsersTwin', needed))
    return { target, columns: needed.map((column) => column.name) }
  })
  return { changes, tables }
}

const twinOf = (order: WorkOrder, target: LaneTarget): TableName =>
  usersTwin(order.bookkeepingSchema, target.table.schema)

const BASE = ['id', 'received_at', 'user_id', 'anonymous_id', 'sent_at', 'timestamp', 'original_timestamp']

function mergeStatements(
  { warehouse: { dialect }, order }: CommitContext,
  target: LaneTarget,
  stage: string,
  columns: string[],
  loadedAt: string,
): Statement[] {
  const { table } = target
  switch (target.kind) {
    case 'Users':
    case 'UsersTwin':
      return dialect.mergeUsers({ users: table, twin: twinOf(order, target), stage, traits: columns, loadedAt })
    case 'Identifies':
      return dialect.mergeEvents({
        target: table,
        stage,
        columns: [...BASE, ...columns],
        only: IDENTIFIES_FLAG,
        loadedAt,
      })
    case 'Event':
      return dialect.mergeEvents({
        target: table,
        stage,
        columns: [...BASE, 'event', 'event_text', ...columns],
        loadedAt,
      })
    case 'StorageActions':
      return dialect.mergeEvents({ target: table, stage, columns: ['id', 'received_at', ...columns], loadedAt })
  }
}

function newColumnsOf(changes: readonly Change[], bookkeepingSchema: string): Committed['newColumns'] {
  const found = new Map<string, { name: string; type: string }[]>()
  for (const change of changes) {
    if (change.kind !== 'AddColumn' || change.table.schema === bookkeepingSchema) continue
    const { name, type } = change.column
    found.set(change.table.name, [...(found.get(change.table.name) ?? []), { name, type }])
  }
  return found
}
