import type { S3, S3ClientConfig } from '@aws-sdk/client-s3'
import { EngageError } from '../model/errors.ts'
import type { SecretKeyReference } from '../model/resource.ts'

/** How a store is reached, and as whom. */
export interface StoreAccess {
  /** Default: AWS_REGION of the environment, else us-east-1. */
  region?: string | undefined
  /** Default: Amazon's of the region. */
  endpoint?: string | undefined
  /** Default: the SDK's chain. */
  credentialsSecretRef?: { name: string } | undefined
}

const DEFAULT_REGION = 'us-east-1'
const CONNECT_MS = 10_000
/** Without an answer, or within one without a byte, for so long a request counts as broken. */
const SILENCE_MS = 60_000
/** Of a request; the SDK waits longer from one to the next. */
const ATTEMPTS = 5
/** A Secret may be rotated while a run goes on. */
const CREDENTIALS_MS = 15 * 60_000

export const regionOf = ({ region }: StoreAccess): string => region ?? process.env.AWS_REGION ?? DEFAULT_REGION

/**
 * A client of a store. The SDK is loaded where a bucket is used, and only there: it takes its time. Credentials are read
 * when a request needs them; `secret` throws EngageError SecretNotFound.
 */
export async function connectS3(
  access: StoreAccess,
  secret: (reference: SecretKeyReference) => Promise<string>,
  more: Pick<S3ClientConfig, 'followRegionRedirects'> = {},
): Promise<S3> {
  const { S3 } = await import('@aws-sdk/client-s3')
  const { endpoint, credentialsSecretRef } = access
  return new S3({
    region: regionOf(access),
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: SILENCE_MS,
      throwOnRequestTimeout: true,
      socketTimeout: SILENCE_MS,
    },
    // Stores other than Amazon's do not all know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint === undefined ? {} : { endpoint, forcePathStyle: true }),
    ...(credentialsSecretRef ? { credentials: () => credentialsOf(credentialsSecretRef.name, secret) } : {}),
    ...more,
  })
}

async function credentialsOf(name: string, secret: (reference: SecretKeyReference) => Promise<string>) {
  const read = (key: string) => secret({ name, key })
  const sessionToken = await read('sessionToken').catch((error: unknown) => {
    if (error instanceof EngageError && error.reason === 'SecretNotFound') return undefined
    throw error
  })
  return {
    accessKeyId: await read('accessKeyId'),
    secretAccessKey: await read('secretAccessKey'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
    expiration: new Date(Date.now() + CREDENTIALS_MS),
  }
}
