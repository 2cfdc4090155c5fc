import type { Activation } from '../model/activation.ts'
import { schemasOf } from '../model/space.ts'
import type { ActivationStatus } from '../model/status.ts'
import type { TableName } from '../model/table.ts'
import { statusPlan } from '../plan/plan.ts'
import { tableId } from '../plan/registry.ts'
import { judge } from '../plan/validate.ts'
import { conditionsOf, type Findings, type Trouble } from './conditions.ts'
import { named, type ReconcileContext, type Resources } from './context.ts'
import { deleteActivation, holds } from './delete-activation.ts'
import { nextSyncTime } from './next-sync.ts'
import { destinationNotFound, mayHaveCronJob, type SchemaOutcome, statusTable, troubleWith } from './space.ts'
import { writeStatus } from './status-writer.ts'
import { syncRequestsOf } from './sync-requests.ts'

/**
 * Says of an activation how its tables are, from what became of its space in its destination (`outcome`; absent where
 * space, destination or connection are missing). On deletion it drops its own tables, if `deletionPolicy` says so.
 */
export async function reconcileActivation(
  context: ReconcileContext,
  activation: Activation,
  resources: Resources,
  outcome: SchemaOutcome | undefined,
): Promise<void> {
  if (activation.metadata.deletionTimestamp !== undefined) {
    await deleteActivation(context, activation, resources)
    return
  }
  const findings = find(context, activation, resources, outcome)
  const isClaimed = outcome !== undefined && 'plan' in outcome && findings.trouble === undefined
  const drops = activation.spec.deletionPolicy === 'Delete'
  const hasFinalizer = holds(activation)
  // Only who has its tables may ever drop them: a loser of a conflict never gets the finalizer.
  if (drops && isClaimed && !hasFinalizer) await context.store.setFinalizer(activation, true)
  if (!drops && hasFinalizer) await context.store.setFinalizer(activation, false)
  const status = summarize(context, activation, resources, outcome, findings)
  await writeStatus(context.store, activation, { ...activation, status })
}

function find(
  context: ReconcileContext,
  activation: Activation,
  resources: Resources,
  outcome: SchemaOutcome | undefined,
): Findings {
  const findings = { hasTables: true, suspended: activation.spec.suspend, lastSync: activation.status?.lastSync }
  const because = (trouble: Trouble): Findings => ({
    ...findings,
    trouble,
    schema: { reason: trouble.reason, message: trouble.message },
  })
  if (outcome && 'plan' in outcome) {
    const verdict = outcome.plan.verdictOf(activation)
    if (verdict) return because(verdict)
    const mine = outcome.plan.tablesOf(activation)
    const isMine = (table: TableName) => mine.has(tableId(table))
    const { namespace } = activation.metadata
    const destination = named(resources.destinations, namespace, outcome.destination)
    const mode = destination?.spec.driftPolicy.mode ?? 'Correct'
    return { ...findings, ...troubleWith(context, outcome.plan, mode, isMine) }
  }
  const { metadata, spec } = activation
  const space = named(resources.spaces, metadata.namespace, spec.spaceRef.name)
  const destination = named(resources.destinations, metadata.namespace, spec.destinationRef.name)
  const related = [activation, space, destination].filter((resource) => resource !== undefined)
  const verdict = judge(related).get(activation)
  if (verdict) return because(verdict)
  return because(outcome?.trouble ?? destinationNotFound(activation.spec.destinationRef.name))
}

function summarize(
  context: ReconcileContext,
  activation: Activation,
  resources: Resources,
  outcome: SchemaOutcome | undefined,
  findings: Findings,
): ActivationStatus {
  const { metadata, spec } = activation
  const { generation } = metadata
  const before = activation.status
  const now = context.now()
  const plan = outcome && 'plan' in outcome ? outcome.plan : undefined
  const space = named(resources.spaces, metadata.namespace, spec.spaceRef.name)
  const connection = space?.spec.destinations.find(({ name }) => name === spec.destinationRef.name)
  const destination = named(resources.destinations, metadata.namespace, spec.destinationRef.name)
  const tables =
    plan &&
    [...plan.tablesOf(activation)].flatMap(([id, isOwn]) => {
      const table = plan.tableOf(id)
      return table ? [statusTable({ ...table, columns: table.columns.filter(isOwn) })] : []
    })
  const waiting = plan && statusPlan(plan.awaiting)
  const known = outcome && mayHaveCronJob(outcome) ? before?.cronJob : undefined
  const cronJob = outcome && 'plan' in outcome ? outcome.cronJob : known
  const next = destination && !spec.suspend ? nextSyncTime(destination.spec.sync, now) : undefined
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(findings, before?.conditions ?? [], generation, now),
    ...(space && connection
      ? { schema: schemasOf(space.spec, connection)[spec.classic ? 'classic' : 'storageActions'] }
      : {}),
    // Suspended, it plans nothing: its tables stay as they are.
    tables: (spec.suspend ? undefined : tables) ?? before?.tables ?? [],
    ...(waiting && findings.trouble?.reason === 'AwaitingApproval' ? { plan: waiting } : {}),
    ...(cronJob === undefined ? {} : { cronJob }),
    ...(before?.lastSync ? { lastSync: before.lastSync } : {}),
    ...(next === undefined ? {} : { nextSyncTime: next }),
    history: before?.history ?? [],
    ...syncRequestsOf(before),
  }
}
