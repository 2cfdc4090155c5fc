import { type Consequence, EngageError } from '../model/errors.ts'
import { refusesCredentials, storeFailure } from '../s3/failure.ts'

/** Where something went wrong. */
export interface StorePlace {
  source: string
  bucket: string
  region: string
  endpoint: string | undefined
  /** Name of the Secret with the credentials. */
  secret: string | undefined
  /** The object that was read; undefined: objects were listed. */
  key: string | undefined
}

/**
 * What an S3 request ended with, in our words: which field is wrong, and the fix. Only codes of the cause are told, and it
 * is not attached: a store's own text may repeat what a request was signed with.
 */
export function storeError(place: StorePlace, cause: unknown): EngageError {
  const failure = storeFailure(cause)
  const { code, status, told } = failure
  const { bucket, region, secret, key } = place
  const unreachable = (consequence: Consequence, what: string) =>
    new EngageError('SourceUnreachable', consequence, `source ${place.source}: ${what}`)
  const unreadable = (consequence: Consequence, what: string) =>
    new EngageError('SourceUnreadable', consequence, `source ${place.source}: ${key}: ${what}`)

  if (refusesCredentials(failure)) {
    const field = secret ? `objectStore.credentialsSecretRef ${secret}` : 'the credentials of the environment'
    return unreachable(
      'Stalled',
      `${field}: the store refused them (${code}): write accessKeyId and secretAccessKey (and sessionToken for temporary ones) that are valid`,
    )
  }
  switch (code) {
    case 'AbortError':
    case 'ABORT_ERR':
      return key === undefined ? unreachable('Retry', 'stopped') : unreadable('Retry', 'stopped')
    case 'NoSuchBucket':
      return unreachable('Stalled', `objectStore.url: there is no bucket ${bucket}: create it, or correct the url`)
    case 'InvalidBucketName':
      return unreachable('Stalled', `objectStore.url: ${bucket} is no name of a bucket: correct the url`)
    case 'CredentialsProviderError':
      return unreachable(
        'Stalled',
        'objectStore.credentialsSecretRef: no credentials were found: name a Secret with accessKeyId and secretAccessKey, or give the pod a role',
      )
    case 'PermanentRedirect':
    case 'TemporaryRedirect':
    case 'AuthorizationHeaderMalformed':
    case 'IllegalLocationConstraintException': {
      const fix = failure.region ? `write region: ${failure.region}` : 'write the region of the bucket'
      return unreachable('Stalled', `objectStore.region ${region}: the bucket ${bucket} is not in it (${code}): ${fix}`)
    }
    case 'RequestTimeTooSkewed':
      return unreachable('Wait', "this machine's clock and the store's differ too much: set it")
    case 'NoSuchKey':
      return unreadable('Wait', 'it is gone since it was listed: let it stand there until it was synced')
    case 'PreconditionFailed':
      return unreadable('Retry', 'it was replaced since it was listed: the next run reads it')
    case 'InvalidObjectState':
      return unreadable('Stalled', 'it is archived: restore it')
  }
  if (code === 'AccessDenied' || status === 403) {
    return key === undefined
      ? unreachable('Stalled', `objectStore.url: the user may not list ${bucket} (${told}): grant s3:ListBucket on it`)
      : unreadable('Stalled', `the user may not read it (${told}): grant s3:GetObject on the objects of ${bucket}`)
  }
  const server =
    place.endpoint === undefined ? `objectStore.region ${region}` : `objectStore.endpoint ${place.endpoint}`
  if (status === undefined) {
    return unreachable('Retry', `${server}: no answer of a store (${code}): check it, and the network between`)
  }
  if (status >= 500 || status === 429) return unreachable('Retry', `${server}: the store is in trouble (${told})`)
  if (status < 400 || NAMELESS.includes(code)) {
    return unreachable('Stalled', `${server}: this is no answer of an S3 store (${told}): correct the endpoint`)
  }
  return unreachable('Stalled', `${server}: the store refused the request (${told})`)
}

/** What the SDK calls an error when the answer told no code. */
const NAMELESS = ['', 'Error', 'Unknown', 'UnknownError', 'NotFound']
