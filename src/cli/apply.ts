import { applyFolder } from '../local/apply-folder.ts'
import type { Folder } from '../local/folder.ts'
import { planFolder } from '../local/plan-folder.ts'
import type { FolderProblem } from '../local/problems.ts'
import { pruneFolder } from '../local/prune-folder.ts'
import { approvalOf, confirm } from './approval.ts'
import { EXIT } from './exit-codes.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { cautionsOf, identityOf, plansOf, sayCautions, sayOrphans, sayProblems } from './plan.ts'
import { renderPlan } from './plan-view.ts'
import { counted } from './quantities.ts'

export interface ApplyOptions {
  filename: string[]
  secrets?: string
  output: OutputFormat
  prune?: true
  yes?: true
}

/** Shows the plan, asks where somebody is there to answer, and makes the changes. */
export async function run(options: ApplyOptions): Promise<number> {
  const folder = await openManifests(options)
  const found = await planFolder(folder)
  const { orphans } = found
  const plans = plansOf(found)
  const pruning = options.prune === true && orphans.length > 0
  const terminal = process.stdin.isTTY === true
  const approval = approvalOf(plans, { yes: options.yes === true, terminal })

  const shown = options.output === 'table' ? process.stdout : process.stderr
  shown.write(renderPlan(plans, hasColour(shown)))
  sayCautions(cautionsOf(found))
  if (approval === 'Ask' || (pruning && terminal && !options.yes)) {
    const deletions = pruning ? `, and delete ${counted(orphans.length, 'resource')} that left the folder` : ''
    if (!(await confirm(`Apply this plan${deletions}?`))) {
      process.stderr.write('Nothing was changed.\n')
      return EXIT.failed.code
    }
  }

  const approved = approval === 'Additive' ? [] : plans.filter(({ destructive }) => destructive)
  const applied = await applyFolder(folder, { approvedPlans: new Set(approved.map(({ hash }) => hash)) })
  const prune = options.prune ? await pruneFolder(folder) : { pruned: [], problems: [] }
  const problems = [...applied.problems, ...prune.problems]
  const value = { plans, problems, pruned: prune.pruned.map(identityOf), resources: folder.store.all() }
  process.stdout.write(await render(options.output, value, () => outcome(folder, prune.pruned.length)))
  if (!options.prune) sayOrphans(applied.orphans)
  sayProblems(problems)
  return exitCode(problems)
}

function outcome({ store }: Folder, pruned: number): string {
  const deleted = pruned > 0 ? `, ${counted(pruned, 'resource')} deleted` : ''
  return `${counted(store.all().length, 'resource')} applied${deleted}.\n`
}

function exitCode(problems: readonly FolderProblem[]): number {
  if (problems.length === 0) return EXIT.ok.code
  return problems.every(({ reason }) => reason === 'AwaitingApproval') ? EXIT.changes.code : EXIT.failed.code
}
