import { Readable } from 'node:stream'
import { setTimeout } from 'node:timers/promises'
import type {
  GetObjectCommandOutput,
  ListObjectsV2CommandOutput,
  S3,
  _Object as StoredObject,
} from '@aws-sdk/client-s3'
import { EngageError } from '../model/errors.ts'
import type { SourceSpec } from '../model/space.ts'
import { connectS3, regionOf } from '../s3/connect.ts'
import { decompressed } from './decompress.ts'
import { formatOf } from './formats.ts'
import { type Dated, datedOf, extentOf, type Folder, type Marks, subfolder, TOP } from './listing.ts'
import { storeError } from './object-store-errors.ts'
import type { Source, SourceEnvironment, SourceObject } from './port.ts'

export type ObjectStoreSpec = NonNullable<SourceSpec['objectStore']>

/** Of a body that breaks off; each goes on where the last one stood. */
const RESUMES = 4

/**
 * NDJSON objects below a prefix of an S3-compatible bucket. Objects do not grow: one that is written again is a new
 * version, by its ETag. Only days from the marks on are listed, see listing.ts.
 */
export class ObjectStoreSource implements Source {
  readonly name: string
  readonly #spec: ObjectStoreSpec
  readonly #environment: SourceEnvironment
  readonly #bucket: string
  /** Empty, or it ends with `/`. */
  readonly #prefix: string
  #connection: Promise<S3> | undefined

  constructor(name: string, spec: ObjectStoreSpec, environment: SourceEnvironment) {
    this.name = name
    this.#spec = spec
    this.#environment = environment
    const [bucket = '', ...path] = spec.url.replace(/^s3:\/\//, '').split('/')
    this.#bucket = bucket
    this.#prefix = path
      .filter((part) => part !== '')
      .map((part) => `${part}/`)
      .join('')
  }

  async list(marks: Marks = {}): Promise<SourceObject[]> {
    const objects: SourceObject[] = []
    for await (const object of this.#walk(TOP, marks)) objects.push(object)
    return objects
  }

  async version(object: SourceObject): Promise<string> {
    return object.stamp
  }

  async *open(object: SourceObject, from: number): AsyncIterable<Buffer> {
    if (formatOf(object.key) === 'Plain') {
      yield* this.#read(object, from)
      return
    }
    const readFrom = (start: number) => Readable.from(this.#read(object, start), { objectMode: false })
    try {
      yield* decompressed({ key: object.key, size: object.bytes, readFrom }, from)
    } catch (cause) {
      if (cause instanceof EngageError) throw cause
      const message = `source ${this.name}: ${object.key} cannot be decompressed: upload it again, whole`
      throw new EngageError('SourceUnreadable', 'Stalled', message, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined)
    connection?.destroy()
  }

  async *#walk(folder: Folder, marks: Marks): AsyncIterable<SourceObject> {
    const extent = extentOf(folder, marks)
    if (extent === 'None') return
    const start = `${this.#prefix}${folder.prefix}`
    const dated = datesByFolder()
    for await (const { Contents = [], CommonPrefixes = [] } of this.#pages(start, extent === 'Level')) {
      for (const found of Contents) {
        const key = (found.Key ?? '').slice(this.#prefix.length)
        if (formatOf(key) === undefined) continue
        const date = dated(key)
        const object = { key, stamp: stampOf(found), bytes: found.Size ?? 0, growing: false }
        yield date ? { ...object, dated: date } : object
      }
      for (const { Prefix = '' } of CommonPrefixes) {
        yield* this.#walk(subfolder(folder, Prefix.slice(start.length, -1)), marks)
      }
    }
  }

  async *#pages(start: string, oneLevel: boolean): AsyncIterable<ListObjectsV2CommandOutput> {
    let token: string | undefined
    do {
      const request = {
        Bucket: this.#bucket,
        Prefix: start,
        ...(oneLevel ? { Delimiter: '/' } : {}),
        ...(token === undefined ? {} : { ContinuationToken: token }),
      }
      const page = await this.#ask((s3, options) => s3.listObjectsV2(request, options))
      // The SDK takes any XML, a web page too, for a listing without objects.
      if (page.Name === undefined && page.KeyCount === undefined) throw this.#error({ $metadata: page.$metadata })
      yield page
      token = page.IsTruncated ? page.NextContinuationToken : undefined
    } while (token !== undefined)
  }

  /** The stored bytes from a place on. Where the connection breaks, it goes on from there. */
  async *#read(object: SourceObject, from: number): AsyncIterable<Buffer> {
    let position = from
    for (let breaks = 0; position < object.bytes; ) {
      const body = await this.#get(object, position)
      let failure: unknown
      try {
        for await (const piece of body) {
          position += piece.length
          breaks = 0
          yield piece
        }
      } catch (error) {
        failure = error
      }
      if (position >= object.bytes) return
      breaks++
      if (breaks > RESUMES) throw this.#brokeOff(object, failure)
      await setTimeout(100 * 2 ** breaks, undefined, { signal: this.#environment.signal }).catch((error: unknown) => {
        throw this.#error(error, object.key)
      })
    }
  }

  async #get({ key, stamp }: SourceObject, from: number): Promise<AsyncIterable<Buffer>> {
    const request = {
      Bucket: this.#bucket,
      Key: `${this.#prefix}${key}`,
      ...(stamp.startsWith(TIME) ? {} : { IfMatch: `"${stamp}"` }),
      ...(from > 0 ? { Range: `bytes=${from}-` } : {}),
    }
    const answer: GetObjectCommandOutput = await this.#ask((s3, options) => s3.getObject(request, options), key)
    const isAsAsked = from === 0 || answer.ContentRange?.startsWith(`bytes ${from}-`)
    if (!isAsAsked || !(answer.Body instanceof Readable)) throw this.#error({ $metadata: answer.$metadata }, key)
    return answer.Body
  }

  async #ask<T>(request: (s3: S3, options: { abortSignal?: AbortSignal }) => Promise<T>, key?: string): Promise<T> {
    const { signal } = this.#environment
    try {
      this.#connection ??= connectS3(this.#spec, (reference) => this.#environment.secret(reference))
      return await request(await this.#connection, signal ? { abortSignal: signal } : {})
    } catch (error) {
      throw this.#error(error, key)
    }
  }

  #brokeOff({ key }: SourceObject, cause: unknown): EngageError {
    const message = `source ${this.name}: ${key}: the connection broke ${RESUMES + 1} times: the next run goes on`
    return new EngageError('SourceUnreadable', 'Retry', message, { cause })
  }

  #error(cause: unknown, key?: string): EngageError {
    if (cause instanceof EngageError) return cause
    const place = {
      source: this.name,
      bucket: this.#bucket,
      region: regionOf(this.#spec),
      endpoint: this.#spec.endpoint,
      secret: this.#spec.credentialsSecretRef?.name,
      key,
    }
    return storeError(place, cause)
  }
}

/** An object's ETag. Where there is none, as with files that stood below a store before it did: its time and size. */
function stampOf({ ETag, LastModified, Size }: StoredObject): string {
  return ETag?.replaceAll('"', '') || `${TIME}${LastModified?.getTime()}-${Size}`
}

const TIME = 'time-'

/** The dates of keys; those of one folder share an object, for there may be millions. */
function datesByFolder(): (key: string) => Dated | undefined {
  let folder: string | undefined
  let dated: Dated | undefined
  return (key) => {
    const of = key.slice(0, key.lastIndexOf('/') + 1)
    if (of !== folder) {
      folder = of
      dated = datedOf(key)
    }
    return dated
  }
}
