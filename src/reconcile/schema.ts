import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageSpace } from '../model/space.ts'
import type { Column, Table } from '../model/table.ts'
import { tablesOfActivation } from '../plan/activation-tables.ts'
import { isDestructive, isOfView, type PlannedChange } from '../plan/change.ts'
import { isFull } from '../plan/column-limit.ts'
import { compileWorkOrder } from '../plan/compile.ts'
import { statementsOf } from '../plan/ddl.ts'
import { diff } from '../plan/diff.ts'
import type { Caution, Difference, Drift, Problem } from '../plan/difference.ts'
import type { Observed } from '../plan/observed.ts'
import { makePlan, type Plan } from '../plan/plan.ts'
import { tableId } from '../plan/registry.ts'
import { judgeActivations, type Verdict } from '../plan/validate.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { columnStatements } from '../sync/registry.ts'
import type { Session, Warehouse } from '../warehouses/port.ts'
import { compileRules, type ReconcileContext, type Resources, warehouseFor } from './context.ts'
import { metaStatements, objectStatements } from './ledger-statements.ts'
import { ledgerTables, newObjectRows, newViewRows, ofKind, ownershipConflicts, ownersOf } from './ownership.ts'
import { retainedColumns } from './retained.ts'
import { fingerprintOf, isOnSync } from './settled-plans.ts'
import { type Writes, writeUnderLease } from './under-lease.ts'
import { compareViews, newNames } from './views.ts'
import { checkMeta, readWarehouseState, type WarehouseState } from './warehouse-state.ts'

/** Names the plan that may lose data: on the space, or on one of its activations. */
export const APPROVE_PLAN = 'engageops.dev/approve-plan'

/** The unit of planning: a space in one of its destinations. */
export interface Pair {
  space: EngageSpace
  destination: WarehouseDestination
  resources: Resources
}

/** What a pair needs, compared with what the warehouse has. */
export interface SchemaPlan {
  order: WorkOrder
  verdicts: Map<Activation, Verdict | undefined>
  /** The verdict on the activation of this name. */
  verdictOf(activation: Activation): Verdict | undefined
  /** What is to be done now. */
  plan: Plan
  /** What would lose data and waits for an approval of its hash; empty where nothing waits. */
  awaiting: Plan
  problems: Problem[]
  drift: Drift[]
  cautions: Caution[]
  /** The tables as they are once the plan is done, without those that a problem keeps EngageOps off. */
  tables: Table[]
  /** Those of `tables` that take no further column. */
  full: Table[]
  /** One of `tables`, by its `tableId`. */
  tableOf(id: string): Table | undefined
  /**
   * The tables that an activation's calls land in, by `tableId`, each with which of its columns are its own; none for an
   * activation that is suspended or not valid.
   */
  tablesOf(activation: Activation): ReadonlyMap<string, (column: Column) => boolean>
}

/** Plans a pair and touches nothing; it works before there is any ledger. Throws EngageError. */
export async function planSpace(context: ReconcileContext, pair: Pair): Promise<SchemaPlan> {
  const work = await openWork(context, pair)
  await using session = await work.warehouse.connect(context.signal)
  return (await planWork(work, session)).schemaPlan
}

/**
 * Makes the tables of a pair, under the writer lease and in one transaction where the warehouse has DDL in transactions.
 * Where nothing differs nothing but queries is sent, and nothing at all where a settled plan still holds. Throws
 * EngageError.
 */
export async function applyPlan(
  context: ReconcileContext,
  pair: Pair,
  onPlan?: (plan: SchemaPlan) => void,
): Promise<SchemaPlan> {
  const work = await openWork(context, pair)
  const { warehouse, order } = work
  const { settledPlans } = context
  if (!settledPlans || !isOnSync(pair.destination, warehouse.capabilities)) return await applyWork(work, onPlan)
  const fingerprint = fingerprintOf(pair, order)
  const settled = settledPlans.find(order, fingerprint)
  if (settled) return { ...settled, ...judged(work), plan: makePlan([], warehouse.dialect) }
  const plan = await applyWork(work, onPlan)
  settledPlans.keep(plan, fingerprint)
  return plan
}

async function applyWork(work: Work, onPlan?: (plan: SchemaPlan) => void): Promise<SchemaPlan> {
  const { context, warehouse, order } = work
  const { dialect } = warehouse
  await using session = await warehouse.connect(context.signal)
  const before = await planWork(work, session)
  onPlan?.(before.schemaPlan)
  if (before.schemaPlan.plan.changes.length === 0 && before.ledger.length === 0) return before.schemaPlan

  // The lease stands in the ledger, so the ledger comes first; making it can be repeated, by anybody.
  const ofLedger = before.schemaPlan.plan.changes.filter((step) => isOfLedger(step, work))
  for (const sql of statementsOf(dialect, ofLedger)) await session.execute(sql)
  const { schemaPlan } = await writeUnderLease(context, { session, warehouse }, order, () => planWork(work, session))
  return { ...schemaPlan, plan: before.schemaPlan.plan }
}

interface Work {
  context: ReconcileContext
  pair: Pair
  warehouse: Warehouse
  order: WorkOrder
  verdicts: SchemaPlan['verdicts']
}

async function openWork(context: ReconcileContext, pair: Pair): Promise<Work> {
  const { space, destination, resources } = pair
  const warehouse = await warehouseFor(context, destination)
  const rules = compileRules(context, warehouse)
  const verdicts = judgeActivations(space, destination, resources.activations, rules.identifiers)
  const order = compileWorkOrder(space, destination, resources.activations, rules, verdicts)
  return { context, pair, warehouse, order, verdicts }
}

/** The part of a plan that comes from the manifests alone. */
function judged({ order, verdicts }: Work): Pick<SchemaPlan, 'order' | 'verdicts' | 'verdictOf'> {
  const byName = new Map([...verdicts].map(([{ metadata }, verdict]) => [metadata.name, verdict]))
  return { order, verdicts, verdictOf: ({ metadata }) => byName.get(metadata.name) }
}

/** The plan of a pair, with the ledger's statements that go with it. */
async function planWork(work: Work, session: Session): Promise<Writes & { schemaPlan: SchemaPlan }> {
  const { context, pair, warehouse, order } = work
  const { dialect } = warehouse
  const { installationId } = context
  const { bookkeepingSchema } = order
  const state = await readWarehouseState(session, warehouse, order)
  checkMeta(state.meta, { installationId, warehouse, bookkeepingSchema })

  const conflicts = ownershipConflicts(order, state.objects, pair.resources, context)
  const refused = new Set(conflicts.map(({ table }) => tableId(table)))
  const desired = order.tables.filter((table) => !refused.has(tableId(table)))
  const wanted = compare(work, desired, state, pair.destination.spec.schemaPolicy.dropObjects)
  const destructive = makePlan(wanted.changes.filter(isDestructive), dialect)
  const isApproved = context.approvedPlans?.has(destructive.hash) || approvals(pair).has(destructive.hash)
  const isHeld = destructive.changes.length > 0 && !isApproved
  const difference = isHeld ? compare(work, desired, state, 'Forbid') : wanted
  const views = compareViews(work, difference, state)

  const now = context.now().toISOString()
  const tables = new Map(difference.usable.map((table) => [tableId(table), table]))
  const owners = ownersOf(order, pair.resources.activations, installationId)
  const viewRows = (made: typeof views.views) => newViewRows(made, state.objects, owners, order.owner, now)
  const plan = makePlan([...difference.changes, ...views.changes], dialect)
  return {
    ddl: plan.statements,
    claims: objectStatements(dialect, bookkeepingSchema, viewRows(newNames(views, state.objects))),
    schemaPlan: {
      ...judged(work),
      plan,
      awaiting: isHeld ? destructive : makePlan([], dialect),
      problems: [...conflicts, ...difference.problems],
      drift: [...difference.drift, ...views.drift],
      cautions: [...difference.cautions, ...views.cautions],
      tables: difference.usable,
      full: fullTables(order, difference.usable, state.observed),
      tableOf: (id) => tables.get(id),
      tablesOf: ({ metadata }) => tablesOfActivation(order, metadata.name, dialect.identifiers),
    },
    ledger: [
      ...(state.meta.size === 0 ? metaStatements(warehouse, bookkeepingSchema, installationId) : []),
      ...objectStatements(dialect, bookkeepingSchema, [
        ...newObjectRows(difference, state.objects, owners, now),
        ...viewRows(views.views),
        ...views.released.map((table) => ({ table, rows: [] })),
      ]),
      ...columnStatements(dialect, bookkeepingSchema, difference, now),
    ],
  }
}

function fullTables({ policy }: WorkOrder, tables: readonly Table[], observed: Observed): Table[] {
  const found = new Map(observed.tables.map((table) => [tableId(table), table.columns]))
  return tables.filter((table) => {
    const existing = found.get(tableId(table)) ?? []
    // A column of a type that nothing can be loaded into takes no place: see Catalog.
    const names = existing.flatMap(({ name, type }) => (type === undefined ? [] : [name]))
    return isFull([...table.columns.map(({ name }) => name), ...names], policy.maxColumns)
  })
}

function compare(
  { pair, warehouse, order }: Work,
  desired: readonly Table[],
  state: WarehouseState,
  dropObjects: 'Forbid' | 'Approve',
): Difference {
  const { adoptionPolicy, driftPolicy, schemaPolicy } = pair.destination.spec
  return diff(desired, state.observed, state.registry, {
    types: warehouse.dialect,
    owned: new Set(ofKind('Table', state.objects).map(tableId)),
    ledger: ledgerTables(order),
    adoption: adoptionPolicy,
    drift: driftPolicy,
    schemaPolicy: { widenTypes: schemaPolicy.widenTypes, dropObjects },
    isRetained: retainedColumns(pair, order, warehouse.dialect.identifiers),
  })
}

function approvals({ space, destination, resources }: Pair): Set<string> {
  const activations = resources.activations.filter(
    ({ metadata, spec }) =>
      metadata.namespace === space.metadata.namespace &&
      spec.spaceRef.name === space.metadata.name &&
      spec.destinationRef.name === destination.metadata.name,
  )
  const hashes = [space, ...activations].map(({ metadata }) => metadata.annotations?.[APPROVE_PLAN])
  return new Set(hashes.filter((hash) => hash !== undefined))
}

function isOfLedger(change: PlannedChange, { order }: Work): boolean {
  if (isOfView(change)) return false
  if (change.kind === 'CreateSchema') return change.schema === order.bookkeepingSchema
  return ledgerTables(order).has(tableId(change.table))
}
