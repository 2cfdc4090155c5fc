import type { ClusterAccess } from '../kube/access.ts'

/** This process does not lead, or not any more: what it was about to do is another's to do. */
export class NotLeading extends Error {
  constructor() {
    super('another replica of the operator leads now: nothing was changed')
    this.name = 'NotLeading'
  }
}

/**
 * The access of the leader's work: no request begins once the lead is lost. A process that was paused, and whose place
 * another has taken, would go on where it was and write what is old.
 */
export function fencedAccess(access: ClusterAccess, held: () => boolean): ClusterAccess {
  return {
    ...access,
    credentials: async () => {
      if (!held()) throw new NotLeading()
      return await access.credentials()
    },
  }
}
