import { z } from 'zod'

/** What the SDK's errors, and those of Node below them, may carry. */
const thrown = z.object({
  name: z.string().catch(''),
  code: z.string().optional().catch(undefined),
  Region: z.string().optional().catch(undefined),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional().catch(undefined),
  $response: z
    .object({ headers: z.record(z.string(), z.string()) })
    .optional()
    .catch(undefined),
})

/** What can be told of a failed request. A store's own text cannot: it may repeat what the request was signed with. */
export interface StoreFailure {
  /** The store's or Node's; empty where there is none. */
  code: string
  /** Of HTTP; undefined: there was no answer. */
  status: number | undefined
  /** Both in short: `HTTP 403 AccessDenied`. */
  told: string
  /** The bucket's region, where the store said it. */
  region: string | undefined
}

export function storeFailure(cause: unknown): StoreFailure {
  const { name, code = name, Region, $metadata, $response } = thrown.parse(cause)
  const status = $metadata?.httpStatusCode
  return {
    code,
    status,
    told: status === undefined ? code : `HTTP ${status} ${code}`,
    region: Region ?? $response?.headers['x-amz-bucket-region'],
  }
}

const REFUSED_CREDENTIALS = new Set([
  'InvalidAccessKeyId',
  'XAdminUserNotFound', // What versitygw says in its place.
  'SignatureDoesNotMatch',
  'InvalidToken',
  'ExpiredToken',
  'TokenRefreshRequired',
  'AuthorizationQueryParametersError',
  'InvalidClientTokenId',
  'UnrecognizedClientException',
])

/** Whether the store does not take the credentials of a request for anybody's. */
export const refusesCredentials = ({ code }: StoreFailure): boolean => REFUSED_CREDENTIALS.has(code)
