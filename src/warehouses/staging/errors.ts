import { type Consequence, EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import { refusesCredentials, storeFailure } from '../../s3/failure.ts'
import type { StagingPlace } from './folder.ts'

/**
 * What an upload ended with, in our words. Only codes of the cause are told, and it is not attached: a store's own text
 * may repeat what a request was signed with.
 */
export function stagingError(cause: unknown, place: StagingPlace & { bucket: string }): EngageError {
  if (cause instanceof EngageError) return cause
  const { url, field, bucket, endpoint, credentialsSecretRef } = place
  const failure = storeFailure(cause)
  const { code, status, told } = failure
  const error = (reason: Reason, consequence: Consequence, what: string) =>
    new EngageError(reason, consequence, `${field} ${url}: ${what}`)
  if (code === 'NoSuchBucket' || code === 'InvalidBucketName') {
    return error('WarehouseError', 'Stalled', `there is no bucket ${bucket}: create it, or correct the url`)
  }
  if (code === 'CredentialsProviderError' || refusesCredentials(failure)) {
    const fix = credentialsSecretRef
      ? `correct the Secret ${credentialsSecretRef.name}`
      : 'give the pod a role, or set AWS_*'
    return error('AuthenticationFailed', 'Stalled', `no valid credentials (${code}): ${fix}`)
  }
  if (code === 'AccessDenied' || status === 403) {
    const fix = `allow s3:PutObject and s3:DeleteObject on ${url.replace(/\/*$/, '')}/*`
    return error('PermissionDenied', 'Stalled', `files may not be written (${told}): ${fix}`)
  }
  const store = endpoint ?? 'S3'
  if (status === undefined || status >= 500 || status === 429) {
    return error('WarehouseUnreachable', 'Retry', `${store} does not answer (${told})`)
  }
  return error('WarehouseError', 'Stalled', `${store} refused a file (${told})`)
}
