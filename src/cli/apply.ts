import { applyFolder } from '../local/apply-folder.ts'
import type { Folder } from '../local/folder.ts'
import { planFolder } from '../local/plan-folder.ts'
import { appliedOf, type FolderProblem, folderProblems } from '../local/problems.ts'
import { planPrune, pruneFolder, waitingForApproval } from '../local/prune-folder.ts'
import { keyOf } from '../local/resource-state.ts'
import { approvalOf, confirm } from './approval.ts'
import { deletionSummary, heldProblem, renderDeletions, sayDeletions } from './deletions-view.ts'
import { EXIT } from './exit-codes.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { cautionsOf, plansOf, sayCautions, sayProblems } from './plan.ts'
import { type PlanView, renderPlan } from './plan-view.ts'
import { counted } from './quantities.ts'
import { printable } from './table.ts'

export interface ApplyOptions {
  filename: string[]
  secrets?: string
  output: OutputFormat
  prune?: true
  forceOrphan?: true
  yes?: true
}

/** Shows the plan, asks where somebody is there to answer, and makes the changes. */
export async function run(options: ApplyOptions): Promise<number> {
  const folder = await openManifests(options)
  const found = await planFolder(folder)
  const pruning = { forceOrphan: options.forceOrphan === true }
  const deletions = await planPrune(folder, pruning)
  const deleting = options.prune ? deletions : []
  const plans = plansOf(found)
  const terminal = process.stdin.isTTY === true
  const approval = approvalOf(plans, { yes: options.yes === true, terminal })

  const shown = options.output === 'table' ? process.stdout : process.stderr
  const colour = hasColour(shown)
  if (plans.length > 0 || deleting.length === 0) shown.write(renderPlan(plans, found.problems.length > 0, colour))
  shown.write(renderDeletions(deleting, colour))
  sayCautions(cautionsOf(found))
  if (approval === 'Ask' || (deleting.length > 0 && terminal && !options.yes)) {
    const also = deleting.length > 0 ? `, and ${deletionSummary(deleting)}` : ''
    if (!(await confirm(`Apply this plan${also}?`))) {
      process.stderr.write('Nothing was changed.\n')
      return EXIT.failed.code
    }
  }

  await make(folder, approval === 'Additive' ? [] : plans)
  const held = options.yes || terminal ? [] : waitingForApproval(deleting)
  const heldKeys = new Set(held.map(({ resource }) => keyOf(resource)))
  const {
    pruned,
    dropped,
    problems: blocked,
  } = options.prune
    ? await pruneFolder(folder, { ...pruning, held: heldKeys })
    : { pruned: [], dropped: [], problems: [] }
  // What is gone may have stood in the way of others, or in their statuses.
  if (pruned.length > 0) {
    const freed = plansOf(await planFolder(folder))
    if (freed.length > 0) shown.write(`After the deletions\n${renderPlan(freed, false, colour)}`)
    await make(folder, options.yes ? freed : [])
    plans.push(...freed)
  }

  const problems = [...folderProblems(folder.store), ...blocked, ...held.map(heldProblem)]
  const value = {
    plans,
    problems,
    pruned: pruned.map(({ kind, metadata: { namespace, name } }) => ({ kind, namespace, name })),
    dropped,
    resources: folder.store.all(),
  }
  process.stdout.write(await render(options.output, value, () => outcome(folder, pruned.length, dropped)))
  if (!options.prune) sayDeletions(deletions)
  sayProblems(problems)
  return exitCode(problems)
}

/** Makes everything that loses no data, and those of the plans that do. */
async function make(folder: Folder, approved: readonly PlanView[]): Promise<void> {
  const lossy = approved.filter(({ destructive }) => destructive)
  await applyFolder(folder, { approvedPlans: new Set(lossy.map(({ hash }) => hash)) })
}

function outcome(folder: Folder, pruned: number, dropped: readonly string[]): string {
  const told = dropped.map((table) => `Dropped table ${printable(table)}.\n`).join('')
  const deleted = pruned > 0 ? `, ${counted(pruned, 'resource')} deleted` : ''
  return `${told}${appliedSummary(folder)}${deleted}.\n`
}

/** `6 resources applied`, or how many of them are as declared. */
export function appliedSummary({ store }: Folder): string {
  const { declared, applied } = appliedOf(store)
  const all = counted(declared.length, 'resource')
  return `${applied.length < declared.length ? `${applied.length} of ${all}` : all} applied`
}

function exitCode(problems: readonly FolderProblem[]): number {
  if (problems.length === 0) return EXIT.ok.code
  return problems.every(({ reason }) => reason === 'AwaitingApproval') ? EXIT.changes.code : EXIT.failed.code
}
