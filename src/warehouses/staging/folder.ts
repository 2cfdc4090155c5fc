import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { S3 } from '@aws-sdk/client-s3'
import { connectS3, type StoreAccess } from '../../s3/connect.ts'
import type { WarehouseEnvironment } from '../port.ts'
import { stagingError } from './errors.ts'

/** Where files for a warehouse are put. */
export interface StagingPlace extends StoreAccess {
  /** `s3://BUCKET/PREFIX`, or the same with another scheme. */
  url: string
  /** Path of the field that the url stands in, for errors: `spec.redshift.staging.s3Url`. */
  field: string
}

/**
 * A folder of one load below the place. Its files are deleted with it; what a process that was killed leaves there, a rule
 * of the bucket deletes.
 */
export class StagingFolder implements AsyncDisposable {
  /** Below the place. */
  readonly name = `engageops-${randomUUID()}`
  readonly #s3: S3
  readonly #place: StagingPlace
  readonly #bucket: string
  readonly #prefix: string
  readonly #keys: string[] = []

  private constructor(s3: S3, place: StagingPlace) {
    this.#s3 = s3
    this.#place = place
    const [bucket = '', ...folders] = place.url.replace(/^\w+:\/\//, '').split('/')
    this.#bucket = bucket
    this.#prefix = [...folders.filter((folder) => folder !== ''), this.name].join('/')
  }

  static async in(place: StagingPlace, { secret }: Pick<WarehouseEnvironment, 'secret'>): Promise<StagingFolder> {
    // A bucket of another region than the set one is found.
    return new StagingFolder(await connectS3(place, secret, { followRegionRedirects: true }), place)
  }

  /** Puts a file there, and returns its `s3://` URL. Throws EngageError. */
  async put(name: string, body: string | Buffer): Promise<string> {
    const key = `${this.#prefix}/${name}`
    this.#keys.push(key)
    try {
      await this.#s3.putObject({ Bucket: this.#bucket, Key: key, Body: body })
    } catch (error) {
      throw stagingError(error, { ...this.#place, bucket: this.#bucket })
    }
    return `s3://${this.#bucket}/${key}`
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      for (const key of this.#keys.splice(0)) await this.#s3.deleteObject({ Bucket: this.#bucket, Key: key })
    } catch {
      // What is left the bucket's lifecycle rule deletes.
    } finally {
      this.#s3.destroy()
    }
  }
}

/** Whole, so that a request can be repeated: a segment's files are small once they are compressed. */
export async function gzipped(pieces: AsyncIterable<string | Buffer>): Promise<Buffer> {
  const gzip = createGzip()
  const source = Readable.from(pieces).on('error', (error) => gzip.destroy(error))
  const compressed: Buffer[] = []
  for await (const piece of source.pipe(gzip)) compressed.push(piece)
  return Buffer.concat(compressed)
}
