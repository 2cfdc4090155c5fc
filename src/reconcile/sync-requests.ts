import type { EngageResource } from '../model/kinds.ts'

type SyncRequests = Pick<NonNullable<EngageResource['status']>, 'lastHandledSyncRequest' | 'pendingSync'>

/** What a new status keeps of the old one: which requests of syncs were handled, and what of one still waits. */
export const syncRequestsOf = ({ lastHandledSyncRequest, pendingSync }: SyncRequests = {}): SyncRequests => ({
  ...(lastHandledSyncRequest === undefined ? {} : { lastHandledSyncRequest }),
  ...(pendingSync === undefined ? {} : { pendingSync }),
})
