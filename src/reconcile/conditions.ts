import { type Consequence, EngageError } from '../model/errors.ts'
import type { Reason } from '../model/reasons.ts'
import type { Condition, RunSummary } from '../model/status.ts'

export type ConditionType = 'Ready' | 'SchemaReady' | 'SyncHealthy' | 'Reconciling' | 'Stalled'

/** Something that keeps a resource from being ready; its consequence says what becomes of it. */
export interface Trouble {
  reason: Reason
  consequence: Consequence
  message: string
}

/** An error as a trouble of the resource. What is no EngageError is a mistake in the program, and goes on up. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof EngageError)) throw error
  return { reason: error.reason, consequence: error.consequence, message: error.message }
}

/** What was found of a resource: conditions follow from it, and from nothing else. */
export interface Findings {
  trouble?: Trouble | undefined
  /** What is wrong with its tables; absent where they are as declared. */
  schema?: Pick<Trouble, 'reason' | 'message'> | undefined
  /** Whether it has tables and syncs at all: a destination has none. */
  hasTables: boolean
  suspended?: boolean
  lastSync?: RunSummary | undefined
}

/** RFC 3339 with seconds, as statuses have times. */
export const rfc3339 = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`

/**
 * Conditions after the Kubernetes API conventions and kstatus: Reconciling while it heals by itself, Stalled when a person
 * must act, Ready as the summary. The time of a condition changes only with its status.
 */
export function conditionsOf(
  findings: Findings,
  previous: readonly Condition[],
  generation: number | undefined,
  now: Date,
): Condition[] {
  const { trouble, schema, suspended } = findings
  const found: Found[] = [ready(findings)]
  if (findings.hasTables) {
    found.push(
      schema
        ? { type: 'SchemaReady', status: 'False', ...schema }
        : { type: 'SchemaReady', status: 'True', reason: 'Ready', message: 'The tables are as declared.' },
      syncHealth(findings.lastSync),
    )
  }
  const heals = trouble !== undefined && trouble.consequence !== 'Stalled' && !suspended
  const stalled = trouble?.consequence === 'Stalled' && !suspended
  const why = trouble ?? { reason: 'Ready' as const, message: '' }
  found.push(
    { type: 'Reconciling', status: heals ? 'True' : 'False', reason: why.reason, message: heals ? why.message : '' },
    { type: 'Stalled', status: stalled ? 'True' : 'False', reason: why.reason, message: stalled ? why.message : '' },
  )
  return found.map((condition) => dated(condition, previous, generation, now))
}

/** The conditions after a run: only those that follow from runs change. */
export function conditionsAfterRun(previous: readonly Condition[], lastSync: RunSummary | undefined): Condition[] {
  const at = new Date(lastSync?.end ?? 0)
  const health = syncHealth(lastSync)
  return previous.map((condition) => {
    const { type, status, reason, observedGeneration } = condition
    if (type === 'SyncHealthy') return dated(health, previous, observedGeneration, at)
    const followsRuns = type === 'Ready' && (status === 'True' || reason === 'SyncFailed')
    return followsRuns ? dated(ready({ hasTables: true, lastSync }), previous, observedGeneration, at) : condition
  })
}

interface Found {
  type: ConditionType
  status: Condition['status']
  reason: Reason
  message: string
}

function ready({ trouble, suspended, lastSync }: Findings): Found {
  if (suspended) return { type: 'Ready', status: 'False', reason: 'Suspended', message: 'spec.suspend is set.' }
  if (trouble) return { type: 'Ready', status: 'False', reason: trouble.reason, message: trouble.message }
  const health = syncHealth(lastSync)
  if (health.status === 'False') return { ...health, type: 'Ready' }
  return { type: 'Ready', status: 'True', reason: 'Ready', message: 'Everything is as declared.' }
}

function syncHealth(lastSync: RunSummary | undefined): Found {
  if (!lastSync)
    return { type: 'SyncHealthy', status: 'Unknown', reason: 'NeverSynced', message: 'No sync has run yet.' }
  const message = lastSync.notices[0]?.message ?? ''
  switch (lastSync.status) {
    case 'Success':
      return { type: 'SyncHealthy', status: 'True', reason: 'SyncSucceeded', message: 'The last sync succeeded.' }
    case 'Partial':
      return { type: 'SyncHealthy', status: 'True', reason: 'SyncPartial', message: message || 'See the notices.' }
    case 'Failure':
      return { type: 'SyncHealthy', status: 'False', reason: 'SyncFailed', message: message || 'The last sync failed.' }
  }
}

function dated(found: Found, previous: readonly Condition[], generation: number | undefined, now: Date): Condition {
  const before = previous.find(({ type }) => type === found.type)
  return {
    type: found.type,
    status: found.status,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    lastTransitionTime: before?.status === found.status ? before.lastTransitionTime : rfc3339(now),
    reason: found.reason,
    message: found.message.slice(0, 1024),
  }
}
