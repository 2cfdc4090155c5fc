import type { KubeClient } from '../kube/client.ts'
import type { KubeObject } from '../kube/object.ts'
import type { Change } from '../kube/reflector.ts'
import type { Outcome, WorkQueue } from '../kube/work-queue.ts'
import type { Activation } from '../model/activation.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { EngageSpace } from '../model/space.ts'
import type { Scope } from '../plan/work-order.ts'
import { reconcileActivation } from '../reconcile/activation.ts'
import { type ReconcileContext, type Resources, readResources } from '../reconcile/context.ts'
import { reconcileDestination } from '../reconcile/destination.ts'
import { freeLease } from '../reconcile/free-lease.ts'
import { loadableOf } from '../reconcile/loadable-order.ts'
import { SettledPlans } from '../reconcile/settled-plans.ts'
import { reconcileSpace, type SchemaOutcome } from '../reconcile/space.ts'
import type { ClusterStore, RawResource } from './cluster-store.ts'
import type { SyncImage } from './cron-job.ts'
import { destinationInterval, driftInterval, isOfConnection, RetryLater } from './intervals.ts'
import { type Job, SPACE_LABEL, TEMPLATE_HASH } from './resource-types.ts'
import { isAwaited, runRequested, runRequestedOfDestination } from './run-now.ts'
import { type RunsContext, recordRuns } from './runs.ts'
import { applyChildren, type Children, isFinished, pruneChildren } from './sync-children.ts'

export interface ControllerParts extends Children {
  client: KubeClient
  store: ClusterStore
  queue: WorkQueue
  /** Image of sync pods. */
  image: SyncImage
  /** Told of each sync that has ended. */
  onRun: RunsContext['onRun']
}

/** What a handler works with: everything of the world but what this controller adds. */
export type HandlerContext = Omit<ReconcileContext, 'store' | 'deploySync' | 'settledPlans'>

/**
 * Turns changes into keys, and keys into work. There are two kinds of keys: a destination is probed by itself; a space is
 * reconciled with all its activations, so that however many of them change together, its schemas are looked at once.
 */
export class Controller {
  readonly #parts: ControllerParts
  /** Probes that failed in a row, by key. */
  readonly #failures = new Map<string, number>()
  readonly #settledPlans = new SettledPlans()

  constructor(parts: ControllerParts) {
    this.#parts = parts
  }

  /** For the caches of the three kinds. */
  readonly onResource = (change: Change<RawResource>): void => {
    if (change.type === 'Modified' && isSameForUs(change.previous, change.object)) return
    const { queue, store } = this.#parts
    const { metadata, kind } = change.object
    if (change.type === 'Deleted') store.forget(metadata.uid)
    // Those that a process finds at its start are mostly as they should be: edits overtake them.
    const lane = change.type === 'Added' && store.isObserved(change.object) ? 'resync' : 'edit'
    switch (kind) {
      case 'WarehouseDestination':
        queue.add(`destination/${change.key}`, lane)
        if (change.type !== 'Modified') this.#addSpacesOf(change.key, lane)
        break
      case 'EngageSpace':
        queue.add(`space/${change.key}`, lane)
        break
      case 'Activation': {
        const space = store.spaceOf(change.object)
        if (space !== undefined) queue.add(`space/${space}`, lane)
      }
    }
    // Destinations say who uses them.
    const users = change.type === 'Modified' ? new Set(store.destinationsOf(change.previous)) : new Set<string>()
    const changed = users.symmetricDifference(new Set(store.destinationsOf(change.object)))
    for (const name of changed) queue.add(`destination/${name}`, 'resync')
  }

  /** For a namespace that was left out until now: what came before was not worked on. */
  onSeen(namespace: string | undefined): void {
    const { queue, store } = this.#parts
    for (const resource of store.all()) {
      if (resource.metadata.namespace === namespace) queue.add(queueKeyOf(resource), 'resync')
    }
  }

  /** For the caches of what the operator makes: somebody changed or deleted it, or a Job has ended. */
  readonly onChild = (change: Change<KubeObject>): void => {
    const { metadata } = change.object
    const space = metadata.labels?.[SPACE_LABEL]
    if (space === undefined || change.type === 'Added') return
    if (change.type === 'Modified' && !isByOthers(change.previous, change.object)) return
    this.#parts.queue.add(`space/${metadata.namespace}/${space}`)
  }

  /** For the cache of Secrets, where there is one: a new password is tried at once. */
  readonly onSecret = (change: Change<KubeObject>): void => {
    const { queue, store } = this.#parts
    for (const destination of store.destinationsWithSecret(change.key)) queue.add(`destination/${destination}`)
  }

  readonly onJob = (change: Change<Job>): void => {
    const { metadata, status } = change.object
    const space = metadata.labels?.[SPACE_LABEL]
    // One that is deleted while it runs has ended too: requests wait for it.
    const isOver = change.type === 'Deleted' ? !isFinished(status) : isFinished(status)
    if (space === undefined || !isOver) return
    if (change.type === 'Modified' && isFinished(change.previous.status)) return
    this.#parts.queue.add(`space/${metadata.namespace}/${space}`)
  }

  /** Does the work of a key. */
  async handle(key: string, context: HandlerContext): Promise<Outcome> {
    const [kind = '', namespace = '', name = ''] = key.split('/')
    const { store } = this.#parts
    // What is not in the caches may be there: it must not count as deleted. `onSeen` brings the key back.
    if (context.isUnseen?.(namespace)) return {}
    return kind === 'destination'
      ? await this.#destination(key, namespace, name, { ...context, store })
      : await this.#space(namespace, name, { ...context, store })
  }

  async #destination(key: string, namespace: string, name: string, context: ReconcileContext): Promise<Outcome> {
    const { store } = this.#parts
    const find = async () =>
      (await store.destinations()).find(({ metadata }) => metadata.namespace === namespace && metadata.name === name)
    const before = await find()
    if (!before) {
      this.#failures.delete(key)
      return {}
    }
    await reconcileDestination(context, before, await readResources(store))
    const after = await find()
    if (!after) return {}
    const isUsable = after.status?.connection?.state === 'Connected'
    const failures = isUsable ? 0 : (this.#failures.get(key) ?? 0) + 1
    this.#failures.set(key, failures)
    const isEdited = before.status?.observedGeneration !== after.metadata.generation
    const hasChanged = before.status?.connection?.state !== after.status?.connection?.state
    // Its spaces make their CronJobs first; that brings a request back.
    if (isEdited || hasChanged) this.#addSpacesOf(`${namespace}/${name}`, isEdited ? 'edit' : 'resync')
    else await runRequestedOfDestination(this.#parts, after, await store.spaces())
    return { requeueAfterMs: destinationInterval(after, failures) }
  }

  async #space(namespace: string, name: string, context: ReconcileContext): Promise<Outcome> {
    const { store } = this.#parts
    const isIt = ({ metadata }: EngageSpace) => metadata.namespace === namespace && metadata.name === name
    const found = (await store.spaces()).find(isIt)
    if (found && found.metadata.deletionTimestamp === undefined) {
      const onKilled = (of: Scope, job: string) => freeLease(context, of, job)
      await recordRuns({ ...this.#parts, onKilled }, found)
    }

    const resources = await readResources(store)
    const space = resources.spaces.find(isIt)
    if (!space) this.#settledPlans.forget(`${namespace}/${name}`)
    const deploying: ReconcileContext = {
      ...context,
      settledPlans: this.#settledPlans,
      deploySync: async (of, destination, plan) => {
        const order = loadableOf(plan)
        const isEmpty = order.sources.length === 0 || (order.classic === undefined && order.storageActions.length === 0)
        return isEmpty ? undefined : await applyChildren(this.#parts, of, destination, order)
      },
    }
    const outcomes = space ? await reconcileSpace(deploying, space, resources) : []
    const activations = await this.#activations(namespace, name, context, resources, outcomes)
    const reconciled = (await store.spaces()).find(isIt)
    if (reconciled && reconciled.metadata.deletionTimestamp === undefined) {
      await runRequested(this.#parts, reconciled, activations, outcomes)
      await pruneChildren(this.#parts, reconciled, outcomes)
      await this.#wakeRequests(reconciled)
    }
    this.#probeUnusable(namespace, outcomes)
    const isDeleting = activations.some(({ metadata }) => metadata.deletionTimestamp !== undefined)
    const mine = resources.destinations.filter(
      ({ metadata }) =>
        metadata.namespace === namespace && outcomes.some(({ destination }) => destination === metadata.name),
    )
    return { requeueAfterMs: this.#nextLook(outcomes, mine, isDeleting) }
  }

  /**
   * Says of every activation of a space, whether or not that is there, how it is; the result is how they then are.
   * `resources` are those that `outcomes` were made from: one that came or changed meanwhile is not in them, and must
   * not be called ready.
   */
  async #activations(
    namespace: string,
    space: string,
    context: ReconcileContext,
    resources: Resources,
    outcomes: readonly SchemaOutcome[],
  ): Promise<Activation[]> {
    const { store } = this.#parts
    const isOfSpace = ({ metadata, spec }: Activation) =>
      metadata.namespace === namespace && spec.spaceRef.name === space
    const outcomeOf = new Map(outcomes.map((outcome) => [outcome.destination, outcome]))
    const failures: unknown[] = []
    for (const activation of resources.activations.filter(isOfSpace)) {
      // One whose status cannot be written must not keep the others from theirs.
      await reconcileActivation(
        context,
        activation,
        resources,
        outcomeOf.get(activation.spec.destinationRef.name),
      ).catch((error: unknown) => failures.push(error))
    }
    if (failures.length > 0) throw failures[0]
    return (await store.activations()).filter(isOfSpace)
  }

  /** Throws RetryLater, for the queue's back-off, where something is worth another try soon. */
  #nextLook(
    outcomes: readonly SchemaOutcome[],
    destinations: Parameters<typeof driftInterval>[1],
    isDeleting: boolean,
  ): number {
    const troubles = outcomes.flatMap((outcome) => ('trouble' in outcome ? [outcome.trouble] : []))
    const again = troubles.find(({ consequence, reason }) => consequence === 'Retry' && reason !== 'LeaseHeld')
    if (again) throw new RetryLater(again.reason, again.message)
    return driftInterval(troubles, destinations, isDeleting)
  }

  /** Where a warehouse failed a space, the destination finds out at once: it then speaks for all, and knows when it is back. */
  #probeUnusable(namespace: string, outcomes: readonly SchemaOutcome[]): void {
    for (const outcome of outcomes) {
      const isUnusable = 'trouble' in outcome && isOfConnection(outcome.trouble)
      if (isUnusable) this.#parts.queue.add(`destination/${namespace}/${outcome.destination}`)
    }
  }

  /** A request on a destination that waits for a space goes on after the end of its sync, or once it has a CronJob. */
  async #wakeRequests(space: EngageSpace): Promise<void> {
    for (const destination of await this.#parts.store.destinations()) {
      if (isAwaited(this.#parts, space, destination)) this.#parts.queue.add(queueKeyOf(destination))
    }
  }

  #addSpacesOf(destination: string, lane: 'edit' | 'resync'): void {
    for (const space of this.#parts.store.spacesOf(destination)) this.#parts.queue.add(`space/${space}`, lane)
  }
}

/** What is worked on for a resource. */
function queueKeyOf(resource: EngageResource): string {
  const { namespace, name } = resource.metadata
  switch (resource.kind) {
    case 'WarehouseDestination':
      return `destination/${namespace}/${name}`
    case 'EngageSpace':
      return `space/${namespace}/${name}`
    case 'Activation':
      return `space/${namespace}/${resource.spec.spaceRef.name}`
  }
}

/** Whether somebody else changed what the operator made: with its own change the hash changes too. */
function isByOthers(before: KubeObject, { metadata }: KubeObject): boolean {
  const { generation, annotations } = before.metadata
  return generation !== metadata.generation && annotations?.[TEMPLATE_HASH] === metadata.annotations?.[TEMPLATE_HASH]
}

/** Whether nothing changed but what the operator itself writes. */
function isSameForUs(before: RawResource, after: RawResource): boolean {
  const of = ({ metadata }: RawResource) => {
    const { generation, annotations, labels, deletionTimestamp, finalizers } = metadata
    return JSON.stringify([generation, annotations, labels, deletionTimestamp, finalizers])
  }
  return of(before) === of(after)
}
