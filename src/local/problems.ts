import type { EngageResource } from '../model/kinds.ts'
import type { SchemaPlan } from '../reconcile/schema.ts'
import type { LocalStore, Refusal } from './local-store.ts'
import { keyOf } from './resource-state.ts'

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

/** What a prune began to delete and could not waits for the next prune: nothing else looks at it. */
export const isStaying = ({ metadata }: EngageResource): boolean => metadata.deletionTimestamp === undefined

/** What keeps the resources of a folder from being as declared, as an apply leaves them. */
export const folderProblems = (store: LocalStore): FolderProblem[] => [
  ...refusalProblems(store.refusals),
  ...store.all().filter(isStaying).flatMap(statusProblems),
]

/** The resources of a folder, without those that have left it, and those of them that are as declared. */
export function appliedOf(store: LocalStore): { declared: EngageResource[]; applied: EngageResource[] } {
  const gone = new Set(store.orphans().map(keyOf))
  const refused = new Set(store.refusals.map(({ resource }) => keyOf(resource)))
  const declared = store.all().filter((resource) => !gone.has(keyOf(resource)))
  const isApplied = (resource: EngageResource) => statusProblems(resource).length === 0 && !refused.has(keyOf(resource))
  return { declared, applied: declared.filter(isApplied) }
}

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
