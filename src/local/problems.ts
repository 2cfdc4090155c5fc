import type { EngageResource } from '../model/kinds.ts'
import type { SchemaPlan } from '../reconcile/schema.ts'
import type { Refusal } from './local-store.ts'

/** Something that keeps a resource from being as declared. */
export interface FolderProblem {
  /** `Kind/name`. */
  resource: string
  /** A word of the catalogue in model/reasons.ts. */
  reason: string
  message: string
}

export const nameOf = ({ kind, metadata }: EngageResource): string => `${kind}/${metadata.name}`

export const refusalProblems = (refusals: readonly Refusal[]): FolderProblem[] =>
  refusals.map(({ resource, message }) => ({ resource: nameOf(resource), reason: 'ImmutableField', message }))

export function planProblems({ problems, verdicts }: SchemaPlan, space: string): FolderProblem[] {
  return [
    ...problems.map(({ reason, message }) => ({ resource: space, reason, message })),
    ...[...verdicts].flatMap(([activation, verdict]) =>
      verdict ? [{ resource: nameOf(activation), reason: verdict.reason, message: verdict.message }] : [],
    ),
  ]
}

/** Reasons that are no matter of what was declared: held back on purpose, or the last sync, which the next one mends. */
const NO_PROBLEM: readonly string[] = ['Suspended', 'SyncFailed', 'SyncPartial', 'NeverSynced']

/** What the Ready condition says, unless all is as declared. */
export function statusProblems(resource: EngageResource): FolderProblem[] {
  const ready = resource.status?.conditions.find(({ type }) => type === 'Ready')
  if (!ready || ready.status === 'True' || NO_PROBLEM.includes(ready.reason)) return []
  return [{ resource: nameOf(resource), reason: ready.reason, message: ready.message }]
}
