import { ADDED_TRIGGERS, DEFAULT_EVENTS, REMOVED_TRIGGERS, type Trigger } from '../model/activation.ts'
import { snakeCase } from '../model/snake-case.ts'
import type { ClassicActivation, Computation, StorageActionsOrder, WorkOrder } from '../plan/work-order.ts'
import { asObject, type Call } from './call.ts'

/** What a declared computation's calls are for: its activations, each with the number of its subscription. */
export interface Route {
  computation: Computation
  /** Subscription of the users table. */
  users: number
  classic: { activation: ClassicActivation; subscription: number }[]
  storageActions: { activation: StorageActionsOrder; subscription: number }[]
}

/** Everything that reads the sources with a position of its own: see sync/checkpoints.ts. */
export interface Subscription {
  of: 'Users' | 'Activation'
  /** Key of the computation whose users are read, or name of the activation. */
  key: string
  backfill: 'All' | 'None'
}

/** Whether a key is that of a journey's step: `<journey>__<step>_<suffix>`. */
export const isStepOf = (journey: string, key: string): boolean => key.startsWith(`${journey}__`)

export interface Router {
  readonly subscriptions: readonly Subscription[]
  /** The computation that a call belongs to; undefined: none of this space. */
  route(call: Call): Route | undefined
}

/**
 * Finds a call's computation: by the space's id where configured, then computation_key, then audience_key or trait_key,
 * then a declared trait in the call, then an event name that only one activation uses (docs/data.md, Routing).
 */
export function compileRouter(order: WorkOrder): Router {
  const subscriptions: Subscription[] = []
  const subscribe = (subscription: Subscription) => subscriptions.push(subscription) - 1
  const subscribeActivation = <A extends { name: string; backfill: 'All' | 'None' }>(activation: A) => ({
    activation,
    subscription: subscribe({ of: 'Activation', key: activation.name, backfill: activation.backfill }),
  })
  const routes = order.computations.map((computation): Route => {
    const mine = <A extends { computation: string }>(activations: A[]) =>
      activations.filter((activation) => activation.computation === computation.key)
    return {
      computation,
      users: subscribe({ of: 'Users', key: computation.key, backfill: 'All' }),
      classic: mine(order.classic?.activations ?? []).map(subscribeActivation),
      storageActions: mine(order.storageActions).map(subscribeActivation),
    }
  })
  const byKey = new Map(routes.map((route) => [route.computation.key, route]))
  const journeys = routes.filter((route) => route.computation.kind === 'Journey')
  const byEvent = compileEvents(routes)

  const find = (key: unknown): Route | undefined => {
    if (typeof key !== 'string') return undefined
    return byKey.get(key) ?? journeys.find((route) => isStepOf(route.computation.key, key))
  }
  const findInBody = (body: Record<string, unknown> | undefined): Route | undefined => {
    for (const key in body) {
      const route = find(key)
      if (route) return route
    }
    return undefined
  }

  return {
    subscriptions,
    route(call) {
      const personas = asObject(asObject(call.context)?.personas)
      const spaceId = personas?.space_id
      if (order.spaceId !== undefined && spaceId !== undefined && spaceId !== order.spaceId) return undefined
      const byComputation = find(personas?.computation_key)
      if (byComputation) return byComputation
      const properties = asObject(call.properties)
      const traits = asObject(call.traits)
      return (
        find(properties?.audience_key ?? traits?.audience_key) ??
        find(properties?.trait_key ?? traits?.trait_key) ??
        findInBody(properties) ??
        findInBody(traits) ??
        (typeof call.event === 'string' ? byEvent.get(call.event) : undefined)
      )
    },
  }
}

/** They are everybody's: such an event tells nothing of its computation. */
const SHARED_EVENTS = new Set(Object.values(DEFAULT_EVENTS))

/** Event names that were configured for one computation and no other. */
function compileEvents(routes: Route[]): Map<string, Route> {
  const byEvent = new Map<string, Route | undefined>()
  for (const route of routes) {
    for (const { activation } of route.classic) {
      for (const event of Object.values(activation.eventNames)) {
        if (SHARED_EVENTS.has(event)) continue
        const other = byEvent.get(event)
        byEvent.set(event, byEvent.has(event) && other !== route ? undefined : route)
      }
    }
  }
  return new Map([...byEvent].flatMap(([event, route]) => (route ? [[event, route] as const] : [])))
}

const TRIGGER_OF_EVENT: Record<string, Trigger> = {
  audience_entered: 'AudienceEntered',
  audience_exited: 'AudienceExited',
  entity_added: 'EntityAdded',
  entity_removed: 'EntityRemoved',
}

/**
 * What made Engage send a track call: a journey step by its computation class, otherwise what the event's name says,
 * otherwise the membership that stands under the computation's key. A call that tells nothing of it was sent because
 * something was added.
 */
export function triggersOf(call: Call, computation: Computation): readonly Trigger[] {
  if (computation.kind === 'Journey') return JOURNEY
  const named = typeof call.event === 'string' ? TRIGGER_OF_EVENT[snakeCase(call.event)] : undefined
  if (named) return [named]
  const membership = asObject(call.properties)?.[computation.key] ?? asObject(call.traits)?.[computation.key]
  return membership === false || membership === 'false' ? REMOVED_TRIGGERS : ADDED_TRIGGERS
}
const JOURNEY: readonly Trigger[] = ['JourneyStepEntered']
