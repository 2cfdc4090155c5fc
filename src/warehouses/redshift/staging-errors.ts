import { z } from 'zod'
import { type Consequence, EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'

/** What the SDK's errors, and those of Node below them, may carry. */
const thrown = z.object({
  name: z.string().catch(''),
  code: z.string().optional().catch(undefined),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional().catch(undefined),
})

const BAD_CREDENTIALS = new Set([
  'CredentialsProviderError',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
])

/**
 * What an upload ended with, in our words. Only codes of the cause are told, and it is not attached: a store's own text
 * may repeat what a request was signed with.
 */
export function stagingError(cause: unknown, { bucket, s3Url }: { bucket: string; s3Url: string }): EngageError {
  if (cause instanceof EngageError) return cause
  const facts = thrown.parse(cause)
  const status = facts.$metadata?.httpStatusCode
  const code = facts.code ?? facts.name
  const told = status === undefined ? code : `HTTP ${status} ${code}`
  const error = (reason: Reason, consequence: Consequence, what: string) =>
    new EngageError(reason, consequence, `spec.redshift.staging.s3Url ${s3Url}: ${what}`)
  if (code === 'NoSuchBucket' || code === 'InvalidBucketName') {
    return error('WarehouseError', 'Stalled', `there is no bucket ${bucket}: create it, or correct the url`)
  }
  if (BAD_CREDENTIALS.has(code)) {
    return error('AuthenticationFailed', 'Stalled', `no valid credentials (${code}): give the pod a role, or set AWS_*`)
  }
  if (code === 'AccessDenied' || status === 403) {
    const fix = `allow s3:PutObject and s3:DeleteObject on ${s3Url.replace(/\/*$/, '')}/*`
    return error('PermissionDenied', 'Stalled', `files may not be written (${told}): ${fix}`)
  }
  if (status === undefined || status >= 500 || status === 429) {
    return error('WarehouseUnreachable', 'Retry', `S3 does not answer (${told})`)
  }
  return error('WarehouseError', 'Stalled', `S3 refused a file (${told})`)
}
