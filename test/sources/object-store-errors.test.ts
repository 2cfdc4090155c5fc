import { expect, test } from 'vitest'
import { type StorePlace, storeError } from '../../src/sources/object-store-errors.ts'

const LISTED: StorePlace = {
  source: 'calls',
  bucket: 'logs',
  region: 'us-east-1',
  endpoint: undefined,
  secret: 'store',
  key: undefined,
}
const READ: StorePlace = { ...LISTED, key: 'a.ndjson' }
const thrown = (name: string, status?: number, more: object = {}) =>
  Object.assign(new Error('AWSAccessKeyId AKIA-X, StringToSign Y'), {
    name,
    ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }),
    ...more,
  })

/** What a test server does not show. */
test.each<[string, StorePlace, Error, reason: string, consequence: string, message: string]>([
  [
    'region',
    LISTED,
    thrown('PermanentRedirect', 301, { $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } } }),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.region us-east-1: the bucket logs is not in it (PermanentRedirect): write region: eu-west-1',
  ],
  [
    'region in the body',
    LISTED,
    thrown('AuthorizationHeaderMalformed', 400, { Region: 'eu-west-1' }),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.region us-east-1: the bucket logs is not in it (AuthorizationHeaderMalformed): write region: eu-west-1',
  ],
  [
    'expired',
    { ...LISTED, secret: undefined },
    thrown('ExpiredToken', 400),
    'SourceUnreachable',
    'Stalled',
    'source calls: the credentials of the environment: the store refused them (ExpiredToken): write accessKeyId and secretAccessKey (and sessionToken for temporary ones) that are valid',
  ],
  [
    'no credentials',
    LISTED,
    thrown('CredentialsProviderError'),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.credentialsSecretRef: no credentials were found: name a Secret with accessKeyId and secretAccessKey, or give the pod a role',
  ],
  [
    'may not list',
    LISTED,
    thrown('AccessDenied', 403),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.url: the user may not list logs (HTTP 403 AccessDenied): grant s3:ListBucket on it',
  ],
  [
    'may not read',
    READ,
    thrown('AccessDenied', 403),
    'SourceUnreadable',
    'Stalled',
    'source calls: a.ndjson: the user may not read it (HTTP 403 AccessDenied): grant s3:GetObject on the objects of logs',
  ],
  [
    'archived',
    READ,
    thrown('InvalidObjectState', 403),
    'SourceUnreadable',
    'Stalled',
    'source calls: a.ndjson: it is archived: restore it',
  ],
  [
    'busy',
    LISTED,
    thrown('SlowDown', 503),
    'SourceUnreachable',
    'Retry',
    'source calls: objectStore.region us-east-1: the store is in trouble (HTTP 503 SlowDown)',
  ],
  [
    'clock',
    LISTED,
    thrown('RequestTimeTooSkewed', 403),
    'SourceUnreachable',
    'Wait',
    "source calls: this machine's clock and the store's differ too much: set it",
  ],
  [
    'another server',
    { ...LISTED, endpoint: 'http://web:80' },
    thrown('UnknownError', 404),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.endpoint http://web:80: this is no answer of an S3 store (HTTP 404 UnknownError): correct the endpoint',
  ],
  [
    'a code that we do not know',
    { ...LISTED, endpoint: 'http://store' },
    thrown('OddRequest', 400),
    'SourceUnreachable',
    'Stalled',
    'source calls: objectStore.endpoint http://store: the store refused the request (HTTP 400 OddRequest)',
  ],
  [
    'no such host',
    { ...LISTED, endpoint: 'http://store' },
    thrown('Error', undefined, { code: 'ENOTFOUND' }),
    'SourceUnreachable',
    'Retry',
    'source calls: objectStore.endpoint http://store: no answer of a store (ENOTFOUND): check it, and the network between',
  ],
])('%s', (_name, place, cause, reason, consequence, message) => {
  const error = storeError(place, cause)
  expect(error).toMatchObject({ reason, consequence, message })
  expect(error.cause).toBeUndefined()
})
