import { isInvalid, KubeError } from '../kube/errors.ts'
import { EngageError } from '../model/errors.ts'

/** 403 is the answer to a missing right or a full quota, 400 that of most admission webhooks that say no. */
const REFUSED = new Set([400, 403])

/**
 * What the API server has against an object of a sync into `destination`, where only people can change that; undefined
 * where it may pass by itself, or is no answer of the API server at all.
 */
export function refusalOf(error: unknown, object: string, destination: string): EngageError | undefined {
  if (!(error instanceof KubeError)) return undefined
  const refused = `the API server refuses ${object}: ${error.message}`
  if (isInvalid(error)) {
    const message = `${refused}: correct spec.sync of WarehouseDestination ${destination}`
    return new EngageError('InvalidSpec', 'Stalled', message)
  }
  if (!REFUSED.has(error.code)) return undefined
  const message = `${refused}: give the operator the right, or change the quota or the policy that is against it`
  return new EngageError('PermissionDenied', 'Retry', message)
}
