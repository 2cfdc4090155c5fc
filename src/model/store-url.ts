import { z } from 'zod'

/** A place in an S3 bucket. */
export const storeUrl = z
  .string()
  .max(1024)
  .regex(
    /^s3:\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](\/.*)?$/,
    'is no place in a store: write s3://BUCKET/PREFIX',
  )
