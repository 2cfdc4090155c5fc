import type { WarehouseDestination } from '../model/destination.ts'
import { type EngageSpace, schemasOf } from '../model/space.ts'
import type { SpaceStatus, StatusTable } from '../model/status.ts'
import type { Table } from '../model/table.ts'
import type { PlannedChange } from '../plan/change.ts'
import { OVERFLOW_COLUMN } from '../plan/column-limit.ts'
import type { Caution } from '../plan/difference.ts'
import { statusPlan } from '../plan/plan.ts'
import { tableId } from '../plan/registry.ts'
import { judge } from '../plan/validate.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { conditionsOf, type Trouble, troubleOf } from './conditions.ts'
import { named, type ReconcileContext, type Resources } from './context.ts'
import { nextSyncTime } from './next-sync.ts'
import { APPROVE_PLAN, applyPlan, type SchemaPlan } from './schema.ts'
import { writeStatus } from './status-writer.ts'
import { syncRequestsOf } from './sync-requests.ts'

/** What became of a space in one of its destinations: its tables, or why there are none. */
export type SchemaOutcome = { destination: string } & ({ plan: SchemaPlan; cronJob?: string } | { trouble: Trouble })

/** Whether a CronJob syncs the pair, or may still do so while a trouble keeps it from being looked at. */
export const mayHaveCronJob = (outcome: SchemaOutcome): boolean =>
  'plan' in outcome ? outcome.cronJob !== undefined : outcome.trouble.reason !== 'DestinationNotFound'

/** Called when a plan is made, before it is done. */
export type OnPlan = (destination: string, plan: SchemaPlan) => void

/**
 * Makes the tables of a space in all its destinations; one that fails does not stop the others. The outcomes are for the
 * space's activations. Deleting a space touches no warehouse.
 */
export async function reconcileSpace(
  context: ReconcileContext,
  space: EngageSpace,
  resources: Resources,
  onPlan?: OnPlan,
): Promise<SchemaOutcome[]> {
  if (space.metadata.deletionTimestamp !== undefined) {
    await context.store.setFinalizer(space, false)
    return []
  }
  const claim = claimOf(space, resources)
  const outcomes: SchemaOutcome[] = []
  for (const { name } of space.spec.destinations) {
    outcomes.push(await makeTables(context, space, name, resources, claim, onPlan))
  }
  await writeStatus(context.store, space, { ...space, status: summarize(context, space, resources, outcomes) })
  return outcomes
}

/** What keeps the space off every warehouse; a destination that is missing keeps it only off that one. */
export function claimOf(space: EngageSpace, resources: Resources): Trouble | undefined {
  const neighbours = [...resources.destinations, ...resources.spaces].filter(
    ({ metadata }) => metadata.namespace === space.metadata.namespace,
  )
  const verdict = judge(neighbours).get(space)
  return verdict?.reason === 'DestinationNotFound' ? undefined : verdict
}

async function makeTables(
  context: ReconcileContext,
  space: EngageSpace,
  name: string,
  resources: Resources,
  claim: Trouble | undefined,
  onPlan: OnPlan | undefined,
): Promise<SchemaOutcome> {
  if (claim) return { destination: name, trouble: claim }
  const destination = named(resources.destinations, space.metadata.namespace, name)
  if (!destination) return { destination: name, trouble: destinationNotFound(name) }
  if (isUnusable(destination)) return { destination: name, trouble: destinationNotReady(destination) }
  try {
    const pair = { space, destination, resources }
    const plan = await applyPlan(context, pair, (found) => onPlan?.(name, found))
    if (plan.plan.changes.length > 0)
      await context.store.event(space, 'Normal', 'SchemaChanged', told(name, plan.plan.changes))
    const cronJob = await context.deploySync?.(space, destination, plan)
    return { destination: name, plan, ...(cronJob === undefined ? {} : { cronJob }) }
  } catch (error) {
    return { destination: name, trouble: troubleOf(error) }
  }
}

const DONE: Record<PlannedChange['kind'], string> = {
  CreateSchema: 'schemas made',
  CreateTable: 'tables made',
  AddColumn: 'columns added',
  RenameColumn: 'columns renamed',
  WidenColumn: 'columns widened',
  DropColumn: 'columns dropped',
  DropTable: 'tables dropped',
  CreateView: 'views made',
  ReplaceView: 'views replaced',
  DropView: 'views dropped',
}

/** What was done, in few words: `in warehouse: tables made: 4, columns added: 2`. */
function told(destination: string, changes: readonly PlannedChange[]): string {
  const kinds = Map.groupBy(changes, ({ kind }) => kind)
  return `in ${destination}: ${[...kinds].map(([kind, all]) => `${DONE[kind]}: ${all.length}`).join(', ')}`
}

export const destinationNotFound = (name: string): Trouble => ({
  reason: 'DestinationNotFound',
  consequence: 'Wait',
  message: `there is no WarehouseDestination ${name}: write one, or correct the name`,
})

/** Whether the last test of the connection failed. */
export const isUnusable = ({ status }: WarehouseDestination): boolean => status?.connection?.state === 'Failed'

/** One test of a connection that fails speaks for all that need it: they wait instead of trying themselves. */
export function destinationNotReady({ metadata, status }: WarehouseDestination): Trouble {
  const why = status?.conditions.find(({ type }) => type === 'Ready')
  const message = `WarehouseDestination ${metadata.name} cannot be used now (${why?.reason}): ${why?.message}`
  return { reason: 'DestinationNotReady', consequence: 'Wait', message }
}

/** What keeps tables from being as declared, and what people should know of them though the load goes on. `isMine` picks the tables that matter. */
export function troubleWith(
  { mode: place }: ReconcileContext,
  { order, problems, awaiting, drift, cautions, tables, full }: SchemaPlan,
  mode: 'Correct' | 'Report' | 'Ignore',
  isMine: (table: { schema: string; name: string }) => boolean,
): { trouble?: Trouble; schema?: Pick<Trouble, 'reason' | 'message'> } {
  const problem = problems.find(({ table }) => isMine(table))
  if (problem) {
    const trouble: Trouble = { reason: problem.reason, consequence: 'Stalled', message: problem.message }
    return { trouble, schema: { reason: trouble.reason, message: trouble.message } }
  }
  const waits = awaiting.changes.some((change) => 'table' in change && isMine(change.table))
  if (waits) {
    const approve = `approve it with the annotation ${APPROVE_PLAN}: ${awaiting.hash}`
    const how = place === 'Local' ? `make its changes with apply --yes, or ${approve}` : approve
    const message = `the plan ${awaiting.hash} would lose data: ${how}`
    return {
      trouble: { reason: 'AwaitingApproval', consequence: 'Wait', message },
      schema: { reason: 'AwaitingApproval', message },
    }
  }
  const drifted = mode === 'Report' ? drift.filter(({ table }) => isMine(table)) : []
  if (drifted.length > 0) {
    return { schema: { reason: 'Drifted', message: drifted.map(({ message }) => message).join('; ') } }
  }
  const [caution, ...others] = cautions.filter((it) => concerns(it, order, tables.filter(isMine)))
  if (caution) {
    const message = [caution, ...others].map((it) => it.message).join('; ')
    return { schema: { reason: caution.reason, message } }
  }
  const mine = full.filter(isMine)
  if (mine.length === 0) return {}
  const message = `${mine.map(tableId).join(', ')}: all ${order.policy.maxColumns} columns that schemaPolicy.maxColumns allows are taken; more goes to the last, ${OVERFLOW_COLUMN}`
  return { schema: { reason: 'ColumnLimit', message } }
}

/** Whether a caution is about one of some tables: the ledger is everybody's. */
const concerns = ({ about }: Caution, { bookkeepingSchema }: WorkOrder, tables: readonly Table[]): boolean =>
  tables.some(
    ({ schema, name }) =>
      (about.schema === schema && (about.name ?? name) === name) || about.schema === bookkeepingSchema,
  )

function summarize(
  context: ReconcileContext,
  space: EngageSpace,
  resources: Resources,
  outcomes: readonly SchemaOutcome[],
): SpaceStatus {
  const { namespace, generation } = space.metadata
  const before = space.status
  const now = context.now()
  const destinationOf = (name: string) => named(resources.destinations, namespace, name)
  const findings = outcomes.map((outcome) => {
    if ('trouble' in outcome) {
      const { trouble } = outcome
      return { trouble, schema: { reason: trouble.reason, message: trouble.message } }
    }
    const mode = destinationOf(outcome.destination)?.spec.driftPolicy.mode ?? 'Correct'
    return troubleWith(context, outcome.plan, mode, (table) => isOfSpace(outcome.plan, table))
  })
  const first = findings.find(({ trouble }) => trouble) ?? findings.find(({ schema }) => schema) ?? {}
  const plans = outcomes.flatMap((outcome) => ('plan' in outcome ? [outcome.plan] : []))
  const waiting = plans.map(({ awaiting }) => statusPlan(awaiting)).find((plan) => plan !== undefined)
  const due = space.spec.destinations.flatMap(({ name }) => {
    const destination = destinationOf(name)
    return (destination && nextSyncTime(destination.spec.sync, now)) ?? []
  })
  const [next] = due.sort()
  const cronJobs = outcomes.flatMap((outcome) => ('cronJob' in outcome ? (outcome.cronJob ?? []) : []))
  const unknown = outcomes.some((outcome) => 'trouble' in outcome && mayHaveCronJob(outcome))
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(
      { ...first, hasTables: true, lastSync: before?.lastSync },
      before?.conditions ?? [],
      generation,
      now,
    ),
    schemas: space.spec.destinations.map((connection) => ({
      destination: connection.name,
      ...schemasOf(space.spec, connection),
    })),
    tables: plans.flatMap((plan) => plan.tables.filter((table) => isOfSpace(plan, table)).map(statusTable)),
    ...(waiting ? { plan: waiting } : {}),
    syncCronJobs: unknown ? [...new Set([...(before?.syncCronJobs ?? []), ...cronJobs])] : cronJobs,
    ...(before?.lastSync ? { lastSync: before.lastSync } : {}),
    ...(next === undefined ? {} : { nextSyncTime: next }),
    history: before?.history ?? [],
    recordedJobs: before?.recordedJobs ?? [],
    ...syncRequestsOf(before),
  }
}

const isOfSpace = ({ order }: SchemaPlan, { schema }: { schema: string }): boolean => schema === order.classic?.schema

export const statusTable = ({ schema, name, columns }: Table): StatusTable => ({
  schema,
  name,
  columns: columns.map((column) => ({ name: column.name, type: column.type })),
})
