import type { EngageResource } from '../model/kinds.ts'
import { writeStatus } from '../reconcile/status-writer.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { SYNC_REQUESTED } from './resource-types.ts'

/** What becomes of a request in one pair of space and destination: `never` says why there is nothing to start. */
export type Beginning = 'Started' | 'Waits' | { never: string }

/**
 * Does what a request says once for each of `partners`: what waits stands in the status, and only that is tried again.
 * Where there is nothing to start, an event says so, and the request counts as handled: it must not wait for ever.
 */
export async function answerRequest(
  store: ResourceStore,
  resource: EngageResource,
  partners: readonly string[],
  begin: (partner: string, request: string) => Promise<Beginning>,
): Promise<void> {
  const request = requestOf(resource)
  if (request === undefined || !resource.status) return
  const waiting = waitingOf(resource, request, partners)
  try {
    for (const partner of [...waiting]) {
      const beginning = await begin(partner, request)
      if (beginning === 'Waits') continue
      waiting.delete(partner)
      if (beginning !== 'Started') await store.event(resource, 'Warning', 'SyncNotStarted', beginning.never)
    }
  } finally {
    await writeStatus(store, resource, withWaiting(resource, request, [...waiting]))
  }
}

/** Whether a resource has a request that has still to be done for this one. */
export function isWaitingFor(resource: EngageResource, partner: string): boolean {
  const request = requestOf(resource)
  return request !== undefined && waitingOf(resource, request, [partner]).has(partner)
}

/** A request that was not handled yet, as statuses have it. */
function requestOf({ metadata, status }: EngageResource): string | undefined {
  const request = metadata.annotations?.[SYNC_REQUESTED]?.slice(0, 255)
  return request === status?.lastHandledSyncRequest ? undefined : request
}

/** What a request has still to be done for. */
function waitingOf({ status }: EngageResource, request: string, partners: readonly string[]): Set<string> {
  return new Set(status?.pendingSync?.request === request ? status.pendingSync.waiting : partners)
}

function withWaiting<R extends EngageResource>(resource: R, request: string, waiting: string[]): R {
  const { pendingSync: _, ...status } = resource.status ?? {}
  const requests = waiting.length === 0 ? { lastHandledSyncRequest: request } : { pendingSync: { request, waiting } }
  return { ...resource, status: { ...status, ...requests } }
}
