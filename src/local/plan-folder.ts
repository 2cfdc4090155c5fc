import { judge } from '../plan/validate.ts'
import type { Trouble } from '../reconcile/conditions.ts'
import { troubleOf } from '../reconcile/conditions.ts'
import { named, readResources } from '../reconcile/context.ts'
import { type Pair, planSpace, type SchemaPlan } from '../reconcile/schema.ts'
import { claimOf, destinationNotFound } from '../reconcile/space.ts'
import type { Folder } from './folder.ts'
import { type FolderProblem, nameOf, planProblems, refusalProblems } from './problems.ts'
import { withoutNewFiles } from './without-new-files.ts'

export interface FolderPlan {
  plans: { space: string; destination: string; plan: SchemaPlan; pair: Pair }[]
  problems: FolderProblem[]
}

/** Plans every space in each of its destinations; touches nothing, here or in the warehouses. */
export async function planFolder({ store, context }: Folder): Promise<FolderPlan> {
  const resources = await readResources(store)
  const plans: FolderPlan['plans'] = []
  const problems = refusalProblems(store.refusals)
  for (const space of resources.spaces) {
    const claim = claimOf(space, resources)
    const say = ({ reason, message }: Trouble) => problems.push({ resource: nameOf(space), reason, message })
    if (claim) {
      say(claim)
      continue
    }
    for (const { name } of space.spec.destinations) {
      const destination = named(resources.destinations, space.metadata.namespace, name)
      if (!destination) {
        say(destinationNotFound(name))
        continue
      }
      try {
        const pair = { space, destination, resources }
        const plan = await withoutNewFiles(context, (untouched) => planSpace(untouched, pair))
        plans.push({ space: `${space.metadata.namespace}/${space.metadata.name}`, destination: name, plan, pair })
        problems.push(...planProblems(plan, nameOf(space)))
      } catch (error) {
        const trouble = troubleOf(error)
        say({ ...trouble, message: `WarehouseDestination ${name}: ${trouble.message}` })
      }
    }
  }
  const planned = new Set(plans.flatMap(({ plan }) => [...plan.verdicts.keys()]))
  for (const [resource, { reason, message }] of judge(store.all())) {
    const isUnplanned = resource.kind === 'Activation' && !planned.has(resource)
    if (isUnplanned) problems.push({ resource: nameOf(resource), reason, message })
  }
  return { plans, problems }
}
