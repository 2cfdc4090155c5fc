import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { S3 } from '@aws-sdk/client-s3'
import type { RedshiftSettings } from '../../model/destination.ts'
import type { StagePart } from '../port.ts'
import type { ColumnTypes } from './load.ts'
import { ndjson } from './ndjson.ts'
import { stagingError } from './staging-errors.ts'

export type StagingSettings = NonNullable<RedshiftSettings['staging']>

const DEFAULT_REGION = 'us-east-1'
const CONNECT_MS = 10_000
const SILENCE_MS = 60_000
const ATTEMPTS = 5

/** Files in S3 for one COPY. */
export interface StagedFiles {
  /** `s3://` URL of the manifest that names them. */
  manifest: string
  /** Deletes them. */
  remove(): Promise<void>
}

/** Uploads parts, and a manifest of them, with the credentials of the environment. Throws EngageError. */
export async function uploadParts(
  { s3Url }: StagingSettings,
  parts: readonly StagePart[],
  types: ColumnTypes,
): Promise<StagedFiles> {
  const [bucket = '', ...folders] = s3Url.replace(/^s3:\/\//, '').split('/')
  const folder = [...folders.filter((name) => name !== ''), `engageops-${randomUUID()}`].join('/')
  const s3 = await connect()
  const keys: string[] = []
  const put = async (name: string, body: string | Buffer) => {
    const key = `${folder}/${name}`
    keys.push(key)
    await s3.putObject({ Bucket: bucket, Key: key, Body: body })
    return `s3://${bucket}/${key}`
  }
  const remove = async () => {
    try {
      for (const key of keys.splice(0)) await s3.deleteObject({ Bucket: bucket, Key: key })
    } catch {
      // What is left the bucket's lifecycle rule deletes.
    } finally {
      s3.destroy()
    }
  }
  try {
    const entries = []
    for (const [number, part] of parts.entries()) {
      entries.push({ url: await put(`${number}.json.gz`, await gzipped(ndjson(part, types))), mandatory: true })
    }
    return { manifest: await put('manifest', JSON.stringify({ entries })), remove }
  } catch (error) {
    await remove()
    throw stagingError(error, { bucket, s3Url })
  }
}

/** The SDK is loaded where a bucket is written, and only there. A bucket of another region than the set one is found. */
async function connect(): Promise<S3> {
  const { S3 } = await import('@aws-sdk/client-s3')
  return new S3({
    region: process.env.AWS_REGION ?? DEFAULT_REGION,
    followRegionRedirects: true,
    maxAttempts: ATTEMPTS,
    requestHandler: {
      connectionTimeout: CONNECT_MS,
      requestTimeout: SILENCE_MS,
      throwOnRequestTimeout: true,
      socketTimeout: SILENCE_MS,
    },
  })
}

/** Whole, so that a request can be repeated: a segment's files are small once they are compressed. */
async function gzipped(pieces: AsyncIterable<string>): Promise<Buffer> {
  const gzip = createGzip()
  const source = Readable.from(pieces).on('error', (error) => gzip.destroy(error))
  const compressed: Buffer[] = []
  for await (const piece of source.pipe(gzip)) compressed.push(piece)
  return Buffer.concat(compressed)
}
