import { applyFolder } from '../local/apply-folder.ts'
import type { Folder } from '../local/folder.ts'
import { planFolder } from '../local/plan-folder.ts'
import type { FolderProblem } from '../local/problems.ts'
import { planPrune, pruneFolder } from '../local/prune-folder.ts'
import { approvalOf, confirm } from './approval.ts'
import { deletionSummary, renderDeletions, sayDeletions } from './deletions-view.ts'
import { EXIT } from './exit-codes.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { cautionsOf, plansOf, sayCautions, sayProblems } from './plan.ts'
import { renderPlan } from './plan-view.ts'
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
  if (plans.length > 0 || deleting.length === 0) shown.write(renderPlan(plans, hasColour(shown)))
  shown.write(renderDeletions(deleting, hasColour(shown)))
  sayCautions(cautionsOf(found))
  if (approval === 'Ask' || (deleting.length > 0 && terminal && !options.yes)) {
    const also = deleting.length > 0 ? `, and ${deletionSummary(deleting)}` : ''
    if (!(await confirm(`Apply this plan${also}?`))) {
      process.stderr.write('Nothing was changed.\n')
      return EXIT.failed.code
    }
  }

  const approved = approval === 'Additive' ? [] : plans.filter(({ destructive }) => destructive)
  const applied = await applyFolder(folder, { approvedPlans: new Set(approved.map(({ hash }) => hash)) })
  const prune = options.prune ? await pruneFolder(folder, pruning) : { pruned: [], dropped: [], problems: [] }
  const problems = [...applied.problems, ...prune.problems]
  const pruned = prune.pruned.map(({ kind, metadata: { namespace, name } }) => ({ kind, namespace, name }))
  const { dropped } = prune
  const value = { plans, problems, pruned, dropped, resources: folder.store.all() }
  process.stdout.write(await render(options.output, value, () => outcome(folder, pruned.length, dropped)))
  if (!options.prune) sayDeletions(deletions)
  sayProblems(problems)
  return exitCode(problems)
}

function outcome({ store }: Folder, pruned: number, dropped: readonly string[]): string {
  const told = dropped.map((table) => `Dropped table ${printable(table)}.\n`).join('')
  const deleted = pruned > 0 ? `, ${counted(pruned, 'resource')} deleted` : ''
  return `${told}${counted(store.all().length, 'resource')} applied${deleted}.\n`
}

function exitCode(problems: readonly FolderProblem[]): number {
  if (problems.length === 0) return EXIT.ok.code
  return problems.every(({ reason }) => reason === 'AwaitingApproval') ? EXIT.changes.code : EXIT.failed.code
}
