import { type FolderProblem, nameOf } from '../local/problems.ts'
import type { PlannedDeletion } from '../local/prune-folder.ts'
import type { Reason } from '../model/reasons.ts'
import type { Trouble } from '../reconcile/conditions.ts'
import { counted } from './quantities.ts'
import { paint, printable } from './table.ts'

/** What a prune would delete and drop; empty where nothing has left the folder. */
export function renderDeletions(deletions: readonly PlannedDeletion[], colour = false): string {
  if (deletions.length === 0) return ''
  const lines = deletions.flatMap((deletion) => [
    `- delete ${describe(deletion)}`,
    ...deletion.tables.map((table) => `- drop table ${table} (loses data)`),
  ])
  const marked = lines.map((line) => `  ${paint(printable(line), 'red', colour)}\n`)
  return `Resources that have left the folder\n${marked.join('')}`
}

const unknownTables = ({ reason, message }: Trouble): string =>
  `which tables it drops cannot be told: ${reason}: ${message}`

function describe({ resource, tables, trouble }: PlannedDeletion): string {
  const { kind, metadata } = resource
  const name = `${kind} ${metadata.namespace}/${metadata.name}`
  if (resource.kind !== 'Activation') return name
  const { deletionPolicy } = resource.spec
  const because = `${name}, deletionPolicy ${deletionPolicy}`
  if (trouble) return `${because}: ${unknownTables(trouble)}`
  return tables.length > 0 ? because : `${because}: no table is dropped`
}

/** In few words, for a question: `delete 2 resources that left the folder and drop 1 table`. */
export function deletionSummary(deletions: readonly PlannedDeletion[]): string {
  const tables = deletions.flatMap((deletion) => deletion.tables).length
  const dropped = tables > 0 ? ` and drop ${counted(tables, 'table')}` : ''
  return `delete ${counted(deletions.length, 'resource')} that left the folder${dropped}`
}

/** What is told of a deletion that nobody has approved yet. */
export function heldProblem({ resource, tables, trouble }: PlannedDeletion): FolderProblem {
  const about = (reason: Reason, message: string) => ({ resource: nameOf(resource), reason, message })
  if (trouble) {
    const fix = 'Bring the warehouse back, or keep the tables with apply --prune --force-orphan'
    return about('DeletionBlocked', `${unknownTables(trouble)}. ${fix}`)
  }
  if (tables.length === 0)
    return about('AwaitingApproval', 'it stays as long as activations that need it to be deleted')
  return about(
    'AwaitingApproval',
    `deleting it drops ${tables.join(', ')}, which loses data: approve it with apply --prune --yes`,
  )
}

/** A deletion as `-o json` prints it. */
export function deletionOf({ resource, tables, trouble }: PlannedDeletion) {
  const { kind, metadata } = resource
  return {
    kind,
    namespace: metadata.namespace,
    name: metadata.name,
    ...(resource.kind === 'Activation' ? { deletionPolicy: resource.spec.deletionPolicy, drops: tables } : {}),
    ...(trouble ? { trouble: { reason: trouble.reason, message: trouble.message } } : {}),
  }
}

/** Tells what `apply --prune` would do. */
export function sayDeletions(deletions: readonly PlannedDeletion[]): void {
  for (const { resource, tables, trouble } of deletions) {
    const drops = tables.length > 0 ? ` and drops ${tables.join(', ')}` : ''
    const unknown = trouble ? `; ${unknownTables(trouble)}` : ''
    const note = `${nameOf(resource)} has left the folder: apply --prune deletes it${drops}${unknown}`
    process.stderr.write(`note: ${printable(note)}\n`)
  }
}
