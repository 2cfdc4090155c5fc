import { z } from 'zod'

/** A place in an S3 bucket. */
export const storeUrl = z
  .string()
  .max(1024)
  .regex(
    /^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](\/.*)?$/,
    'is no place in a store: write s3://BUCKET/PREFIX',
  )

const endpoint = z
  .string()
  .max(1024)
  .regex(
    /^https?:\/\/[A-Za-z0-9.:[\]-]+(\/[A-Za-z0-9._~/-]*)?$/,
    'is no address of a store: write https://HOST or https://HOST:PORT, without user and password',
  )

/** The fields beside a place: how its store is reached, and as whom. */
export const storeAccess = {
  region: z
    .string()
    .min(1)
    .max(63)
    .optional()
    .describe('Region of the bucket. Default: AWS_REGION of the environment, else us-east-1.'),
  endpoint: endpoint.optional().describe("Endpoint of an S3-compatible store. Default: Amazon's of the region."),
  credentialsSecretRef: z
    .strictObject({ name: z.string().min(1).max(253).describe('Name of the Secret.') })
    .optional()
    .describe(
      'Secret with accessKeyId, secretAccessKey and, for temporary ones, sessionToken; without it the default provider chain is used.',
    ),
}
