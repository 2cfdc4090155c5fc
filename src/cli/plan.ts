import { estimateFolder } from '../local/estimate-folder.ts'
import type { FolderPlan } from '../local/plan-folder.ts'
import { planFolder } from '../local/plan-folder.ts'
import type { FolderProblem } from '../local/problems.ts'
import { planPrune } from '../local/prune-folder.ts'
import { deletionOf, sayDeletions } from './deletions-view.ts'
import { renderEstimates } from './estimates-view.ts'
import { EXIT } from './exit-codes.ts'
import { openManifests } from './manifests.ts'
import { hasColour, type OutputFormat, render } from './output.ts'
import { type PlanView, renderPlan } from './plan-view.ts'
import { shortList } from './quantities.ts'

export interface PlanOptions {
  filename: string[]
  secrets?: string
  output: OutputFormat
}

export async function run(options: PlanOptions): Promise<number> {
  const folder = await openManifests(options)
  const found = await planFolder(folder)
  const plans = plansOf(found)
  const cautions = cautionsOf(found)
  const estimates = await estimateFolder(folder, found)
  const deletions = await planPrune(folder)
  const value = { plans, estimates, cautions, problems: found.problems, orphans: deletions.map(deletionOf) }
  const colour = hasColour(process.stdout)
  const hasProblems = found.problems.length > 0
  process.stdout.write(
    await render(options.output, value, () => renderPlan(plans, hasProblems, colour) + renderEstimates(estimates)),
  )
  sayCautions(cautions)
  sayDeletions(deletions)
  sayProblems(found.problems)
  if (hasProblems) return EXIT.failed.code
  return plans.length > 0 ? EXIT.changes.code : EXIT.ok.code
}

/** The plans that have changes: what is done at once, and what waits for an approval. */
export function plansOf({ plans }: FolderPlan): PlanView[] {
  return plans
    .flatMap(({ space, destination, plan: { plan, awaiting } }) =>
      [plan, awaiting].map((it) => ({ space, destination, ...it })),
    )
    .filter(({ changes }) => changes.length > 0)
}

/** What people should know of the tables, though they can be loaded. */
export const cautionsOf = ({ plans }: FolderPlan) =>
  plans.flatMap(({ space, destination, plan }) =>
    plan.cautions.map(({ reason, message }) => ({ space, destination, reason, message })),
  )

export function sayCautions(cautions: ReturnType<typeof cautionsOf>): void {
  for (const { space, destination, reason, message } of cautions) {
    process.stderr.write(`note: EngageSpace ${space} -> WarehouseDestination ${destination}: ${reason}: ${message}\n`)
  }
}

/** Each problem once, with the resources that have it: one of a table is that of all that use it. */
export function sayProblems(problems: readonly FolderProblem[]): void {
  for (const [what, those] of Map.groupBy(problems, ({ reason, message }) => `${reason}: ${message}`)) {
    const resources = new Set(those.map(({ resource }) => resource))
    process.stderr.write(`error: ${shortList([...resources])}: ${what}\n`)
  }
}
