import { KubeError, type Status } from './errors.ts'
import { lines } from './lines.ts'
import { apiVersionOf, type KubeObject, type ObjectMeta, type ResourceType } from './object.ts'
import { pathOf, type Query } from './request-path.ts'
import { Transport, type TransportOptions } from './transport.ts'

export interface KubeClientOptions extends TransportOptions {
  /** What the API server does about fields that it does not know in what is written. Default: Strict, refuse. */
  fieldValidation?: 'Strict' | 'Warn' | 'Ignore'
}

/** Which object. `metadata` of an object will do. */
export interface ObjectName {
  name: string
  namespace?: string | undefined
}

export interface CallOptions {
  signal?: AbortSignal | undefined
}

export interface ReadOptions extends CallOptions {
  /** Ask for metadata alone: what `T` says of the rest is then not there. */
  metadataOnly?: boolean
}

/** Which objects. Without a namespace: those of all. */
export interface Selection extends ReadOptions {
  namespace?: string | undefined
  labelSelector?: string | undefined
  fieldSelector?: string | undefined
}

export interface ListOptions extends Selection {
  /** Objects in a page. Default: 500. */
  limit?: number
  /** From the page before. */
  continue?: string | undefined
}

export interface Page<T> {
  items: T[]
  /** Where a watch goes on from. */
  resourceVersion: string
  /** Token of the next page, if there is one. */
  continue: string | undefined
}

export interface WatchOptions extends Selection {
  /** From a list or an event. */
  resourceVersion: string
  /** When the API server ends the watch. Default: 300. */
  timeoutSeconds?: number
  /** The watch breaks off after this time without a byte. Default: 15 seconds after its end is due. */
  idleMs?: number
}

/** A bookmark has only a `resourceVersion`: nothing happened up to there. */
export type WatchEvent<T> =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED'; object: T }
  | { type: 'BOOKMARK'; object: { metadata: Pick<ObjectMeta, 'resourceVersion'> } }

export interface WriteOptions extends CallOptions {
  subresource?: 'status' | 'scale'
}

export interface ApplyOptions extends WriteOptions {
  fieldManager: string
  /** Take fields over that others applied. Default: false, a conflict. */
  force?: boolean
}

export interface JsonPatchOperation {
  op: 'add' | 'remove' | 'replace' | 'test'
  path: string
  value?: unknown
}

export type Patch = { merge: object } | { json: JsonPatchOperation[] }

export interface DeleteOptions extends CallOptions {
  /** What becomes of the objects that it owns. Default: the API server's, mostly Background. */
  propagation?: 'Background' | 'Foreground' | 'Orphan'
  /** Delete only this incarnation, or this version: else 409. */
  preconditions?: { uid?: string; resourceVersion?: string }
}

const PAGE_SIZE = 500
const WATCH_SECONDS = 300

/**
 * Objects of an API server as raw JSON. All methods throw KubeError for a refusal, KubeConnectionError where no answer
 * came, and the reason of the signal when it aborts. A request is tried up to five times where that is safe and can help.
 */
export class KubeClient {
  readonly #transport: Transport
  readonly #fieldValidation: string

  constructor({ fieldValidation = 'Strict', ...options }: KubeClientOptions) {
    this.#transport = new Transport(options)
    this.#fieldValidation = fieldValidation
  }

  async get<T extends KubeObject>(type: ResourceType, name: ObjectName, options: ReadOptions = {}): Promise<T> {
    const object = await this.#exchange<T>({
      method: 'GET',
      path: pathOf(type, name),
      headers: accept(options, 'PartialObjectMetadata'),
      repeatable: true,
      signal: options.signal,
    })
    return typed(type, object)
  }

  /** One page. */
  async list<T extends KubeObject>(type: ResourceType, options: ListOptions = {}): Promise<Page<T>> {
    const query = { ...selectors(options), limit: options.limit ?? PAGE_SIZE, continue: options.continue }
    const list = await this.#exchange<List<T>>({
      method: 'GET',
      path: pathOf(type, options, query),
      headers: accept(options, 'PartialObjectMetadataList'),
      repeatable: true,
      signal: options.signal,
    })
    const { resourceVersion = '', continue: next } = list.metadata
    const items = (list.items ?? []).map((item) => typed(type, item))
    return { items, resourceVersion, continue: next || undefined }
  }

  /**
   * All pages; the next one is fetched while the caller works on one. Throws KubeError 410 when it took so long that the
   * rest is no longer known: begin again.
   */
  async *pages<T extends KubeObject>(type: ResourceType, options: Selection & { limit?: number } = {}) {
    for (let next: Promise<Page<T>> | undefined = this.list<T>(type, options); next !== undefined; ) {
      const page: Page<T> = await next
      next = page.continue === undefined ? undefined : this.list<T>(type, { ...options, continue: page.continue })
      // It may fail while nobody waits for it; whoever asks for the next page is told.
      next?.catch(() => undefined)
      yield page
    }
  }

  async create<T extends KubeObject>(type: ResourceType, object: T, options: CallOptions = {}): Promise<T> {
    const { namespace } = object.metadata
    return await this.#write<T>('POST', pathOf(type, { namespace }, this.#validation()), object, JSON_TYPE, options)
  }

  /** Writes the whole object. With its `resourceVersion`: 409 when somebody else wrote meanwhile. */
  async replace<T extends KubeObject>(type: ResourceType, object: T, options: CallOptions = {}): Promise<T> {
    return await this.#write<T>('PUT', pathOf(type, object.metadata, this.#validation()), object, JSON_TYPE, options)
  }

  /** Server-side apply: `object` holds the fields that this manager wants, and no others. */
  async apply<T extends KubeObject>(type: ResourceType, object: T, options: ApplyOptions): Promise<T> {
    const { fieldManager, force, subresource } = options
    const path = pathOf(type, object.metadata, { fieldManager, force, ...this.#validation() }, subresource)
    return await this.#write<T>('PATCH', path, object, 'application/apply-patch+yaml', options)
  }

  async patch<T extends KubeObject>(type: ResourceType, name: ObjectName, patch: Patch, options: WriteOptions = {}) {
    const path = pathOf(type, name, this.#validation(), options.subresource)
    return 'json' in patch
      ? await this.#write<T>('PATCH', path, patch.json, JSON_PATCH_TYPE, options)
      : await this.#write<T>('PATCH', path, patch.merge, 'application/merge-patch+json', options)
  }

  async delete(type: ResourceType, name: ObjectName, options: DeleteOptions = {}): Promise<void> {
    const { propagation: propagationPolicy, preconditions } = options
    await this.#write('DELETE', pathOf(type, name), { propagationPolicy, preconditions }, JSON_TYPE, options)
  }

  /**
   * What happens to the objects after `resourceVersion`, until the API server ends it. Not tried again: who watches
   * knows where to go on from. Throws KubeError 410 when the history does not reach back so far.
   */
  async *watch<T extends KubeObject>(type: ResourceType, options: WatchOptions): AsyncGenerator<WatchEvent<T>> {
    const { resourceVersion, timeoutSeconds = WATCH_SECONDS, idleMs = (timeoutSeconds + 15) * 1000 } = options
    const query = { ...selectors(options), watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds }
    const path = pathOf(type, options, query)
    const headers = accept(options, 'PartialObjectMetadata')
    const request = { method: 'GET', path, headers, repeatable: true, signal: options.signal } as const
    for await (const line of lines(this.#transport.stream(request, idleMs))) {
      const event: WatchEvent<T> | { type: 'ERROR'; object: Status } = JSON.parse(line)
      if (event.type === 'ERROR') throw new KubeError(`watch of ${type.plural}`, event.object)
      yield event.type === 'BOOKMARK' ? event : { ...event, object: typed(type, event.object) }
    }
  }

  /** Ends all connections; watches too. */
  async close(): Promise<void> {
    await this.#transport.close()
  }

  async #write<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: object,
    type: string,
    { signal }: CallOptions,
  ) {
    const repeatable = method !== 'POST' && type !== JSON_PATCH_TYPE
    const headers = { 'Content-Type': type }
    return await this.#exchange<T>({ method, path, headers, body: JSON.stringify(body), repeatable, signal })
  }

  /** The one place where the API server is believed about the shape of what it sends. */
  async #exchange<T>(request: Parameters<Transport['exchange']>[0]): Promise<T> {
    return (await this.#transport.exchange(request)) as T
  }

  #validation() {
    return { fieldValidation: this.#fieldValidation }
  }
}

const JSON_TYPE = 'application/json'
const JSON_PATCH_TYPE = 'application/json-patch+json'

interface List<T> {
  metadata: { resourceVersion?: string; continue?: string }
  items?: T[]
}

/** Items of most lists do not say what they are, and metadata says that it is metadata. */
function typed<T extends KubeObject>(type: ResourceType, object: T): T {
  return { ...object, apiVersion: apiVersionOf(type), kind: type.kind }
}

function selectors({ labelSelector, fieldSelector }: Selection): Query {
  return { labelSelector, fieldSelector }
}

function accept({ metadataOnly }: ReadOptions, as: string): Record<string, string> {
  return metadataOnly ? { Accept: `application/json;as=${as};g=meta.k8s.io;v=v1` } : {}
}
