import type { Activation } from '../model/activation.ts'
import { EngageError } from '../model/errors.ts'
import { FINALIZER } from '../model/resource.ts'
import type { ActivationStatus } from '../model/status.ts'
import { conditionsOf, type Trouble, troubleOf } from './conditions.ts'
import { named, type ReconcileContext, type Resources } from './context.ts'
import { dropOwnTables, tablesToDrop } from './release.ts'
import { destinationNotFound, destinationNotReady, isUnusable } from './space.ts'
import { writeStatus } from './status-writer.ts'

/** Releases an activation without its tables being dropped. */
export const FORCE_ORPHAN = 'engageops.dev/force-orphan'

/** Whether it waits for its tables to be dropped when it is deleted; others may hold it too. */
export const holds = ({ metadata }: Activation): boolean => metadata.finalizers?.includes(FINALIZER) === true

/**
 * Drops an activation's own tables, if `deletionPolicy` says so, and lets go of it; where the warehouse cannot be used it
 * stays and its status says why. Returns the tables that were dropped.
 */
export async function deleteActivation(
  context: ReconcileContext,
  activation: Activation,
  resources: Resources,
): Promise<string[]> {
  let dropped: string[] = []
  if (dropsTables(activation)) {
    try {
      const destination = destinationOf(activation, resources)
      // However many are deleted, the probe alone tries whether the warehouse is back.
      if (isUnusable(destination)) throw blocked(destinationNotReady(destination).message)
      dropped = await dropOwnTables(context, destination, activation)
      const message = dropped.length === 0 ? 'no table was its own' : `dropped ${dropped.join(', ')}`
      await context.store.event(activation, 'Normal', 'Deleted', message)
    } catch (error) {
      const status = blockedStatus(context, activation, troubleOf(error))
      await writeStatus(context.store, activation, { ...activation, status })
      return []
    }
  }
  await context.store.setFinalizer(activation, false)
  return dropped
}

/**
 * The tables that `deleteActivation` would drop of each activation, one after the other, or why nobody can tell. Touches
 * nothing.
 */
export async function planDeletions(
  context: ReconcileContext,
  activations: readonly Activation[],
  resources: Resources,
): Promise<Map<Activation, string[] | Trouble>> {
  const planned = new Map<Activation, string[] | Trouble>(activations.map((activation) => [activation, []]))
  const byDestination = Map.groupBy(activations.filter(dropsTables), ({ metadata, spec }) =>
    [metadata.namespace, spec.destinationRef.name].join('/'),
  )
  for (const group of byDestination.values()) {
    const [first] = group
    if (!first) continue
    try {
      const owners = group.map(({ metadata }) => metadata)
      const tables = await tablesToDrop(context, destinationOf(first, resources), owners)
      for (const [index, activation] of group.entries()) planned.set(activation, tables[index] ?? [])
    } catch (error) {
      const trouble = troubleOf(error)
      for (const activation of group) planned.set(activation, trouble)
    }
  }
  return planned
}

const dropsTables = (activation: Activation): boolean =>
  activation.spec.deletionPolicy === 'Delete' &&
  holds(activation) &&
  activation.metadata.annotations?.[FORCE_ORPHAN] === undefined

function destinationOf({ metadata, spec }: Activation, { destinations }: Resources) {
  const destination = named(destinations, metadata.namespace, spec.destinationRef.name)
  if (!destination) throw blocked(destinationNotFound(spec.destinationRef.name).message)
  return destination
}

const blocked = (message: string) => new EngageError('DeletionBlocked', 'Wait', message)

/** How to let go of an activation and keep its tables: locally its manifest, where annotations stand, is gone. */
const RELEASE = {
  Local: 'apply --prune --force-orphan',
  Cluster: `the annotation ${FORCE_ORPHAN}: "true"`,
} satisfies Record<ReconcileContext['mode'], string>

function blockedStatus(context: ReconcileContext, activation: Activation, cause: Trouble): ActivationStatus {
  const { generation } = activation.metadata
  const before = activation.status
  const message =
    `its tables cannot be dropped: ${cause.message}. Bring the warehouse back, or release the activation ` +
    `and keep the tables with ${RELEASE[context.mode]}`
  const trouble: Trouble = { reason: 'DeletionBlocked', consequence: cause.consequence, message }
  return {
    tables: [],
    history: [],
    ...before,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf(
      { trouble, schema: trouble, hasTables: true, lastSync: before?.lastSync },
      before?.conditions ?? [],
      generation,
      context.now(),
    ),
  }
}
