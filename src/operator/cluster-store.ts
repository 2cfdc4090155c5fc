import { ZodError, z } from 'zod'
import type { KubeClient } from '../kube/client.ts'
import { isNotFound } from '../kube/errors.ts'
import type { EventRecorder } from '../kube/events.ts'
import { addFinalizer, removeFinalizer } from '../kube/finalizer.ts'
import type { KubeObject } from '../kube/object.ts'
import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { EngageResource } from '../model/kinds.ts'
import { FINALIZER, KINDS, type Kind, type SecretKeyReference } from '../model/resource.ts'
import { isFields } from '../model/rules.ts'
import type { EngageSpace } from '../model/space.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { parseResource } from './parse-resource.ts'
import type { ResourceCache } from './resource-cache.ts'
import { ENGAGE, FIELD_MANAGER, SECRETS, type Secret } from './resource-types.ts'
import { secretReferences } from './secret-references.ts'

/** An object of one of the three kinds as it comes from the API server. */
export interface RawResource extends KubeObject {
  spec?: unknown
  status?: unknown
}

/** A status that was written and that the cache need not know yet. */
interface Written {
  status: EngageResource['status']
  resourceVersion: string | undefined
  at: number
}

/** The watch tells of a write within moments; what it has not told by then was changed by somebody else. */
const ECHO_MS = 60_000

/** The resources of a cluster: read from caches, written through the API server. */
export class ClusterStore implements ResourceStore {
  readonly #client: KubeClient
  readonly #events: Pick<EventRecorder, 'record'>
  readonly #caches: () => Record<Kind, ResourceCache<RawResource>>
  readonly #parsed = new WeakMap<KubeObject, EngageResource>()
  readonly #written = new Map<string, Written>()

  /** `caches` keep what `slim` makes of objects. */
  constructor(
    client: KubeClient,
    events: Pick<EventRecorder, 'record'>,
    caches: () => Record<Kind, ResourceCache<RawResource>>,
  ) {
    this.#client = client
    this.#events = events
    this.#caches = caches
  }

  /**
   * Parses an object once and keeps nothing else of it. One that this version cannot read (it was stored under another
   * definition) is told so by an event and counts as not there: it must not keep the others from being read.
   */
  readonly slim = (object: RawResource): RawResource => {
    const { apiVersion, kind } = object
    try {
      const resource = parseResource(object)
      const slim = { apiVersion, kind, metadata: resource.metadata }
      this.#parsed.set(slim, resource)
      return slim
    } catch (error) {
      if (!(error instanceof ZodError)) throw error
      const { managedFields: _, ...metadata } = object.metadata
      const slim = { apiVersion, kind, metadata }
      const note = `this version of the operator cannot read it: ${z.prettifyError(error)}`
      this.#events.record({ regarding: slim, type: 'Warning', reason: 'InvalidSpec', action: 'Read', note })
      return slim
    }
  }

  async destinations(): Promise<WarehouseDestination[]> {
    return this.#all('WarehouseDestination').filter((resource) => resource.kind === 'WarehouseDestination')
  }

  async spaces(): Promise<EngageSpace[]> {
    return this.#all('EngageSpace').filter((resource) => resource.kind === 'EngageSpace')
  }

  async activations(): Promise<Activation[]> {
    return this.#all('Activation').filter((resource) => resource.kind === 'Activation')
  }

  async writeStatus({ kind, metadata, apiVersion, status }: EngageResource): Promise<void> {
    const { name, namespace, uid = '' } = metadata
    // With the uid a status never lands on another resource that has taken the name.
    const object: RawResource = { apiVersion, kind, metadata: { name, namespace, uid }, status }
    try {
      const written = await this.#client.apply(ENGAGE[kind], object, {
        fieldManager: FIELD_MANAGER,
        force: true,
        subresource: 'status',
      })
      this.#written.set(uid, { status, resourceVersion: written.metadata.resourceVersion, at: Date.now() })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }

  async setFinalizer(resource: EngageResource, present: boolean): Promise<void> {
    const { apiVersion, kind, metadata } = resource
    const object: KubeObject = { apiVersion, kind, metadata }
    if (present) await addFinalizer(this.#client, ENGAGE[kind], object, FINALIZER)
    else await removeFinalizer(this.#client, ENGAGE[kind], object, FINALIZER)
  }

  async secret(namespace: string, { name, key }: SecretKeyReference): Promise<string> {
    const missing = (what: string) =>
      new EngageError('SecretNotFound', 'Wait', `${what}: make it, or correct the reference`)
    try {
      const { data } = await this.#client.get<Secret>(SECRETS, { namespace, name })
      const value = data?.[key]
      if (value === undefined) throw missing(`Secret ${name} has no key ${key}`)
      return Buffer.from(value, 'base64')
        .toString('utf8')
        .replace(/\r?\n$/, '')
    } catch (error) {
      if (isNotFound(error)) throw missing(`there is no Secret ${name} in namespace ${namespace}`)
      throw error
    }
  }

  async event(resource: EngageResource, type: 'Normal' | 'Warning', reason: string, note: string): Promise<void> {
    const { apiVersion, kind, metadata } = resource
    this.#events.record({ regarding: { apiVersion, kind, metadata }, type, reason, action: 'Reconcile', note })
  }

  /** The space of an activation, as `namespace/name`. */
  spaceOf(activation: RawResource): string | undefined {
    const resource = this.#parsed.get(activation)
    return resource?.kind === 'Activation' ? `${resource.metadata.namespace}/${resource.spec.spaceRef.name}` : undefined
  }

  /** The destinations of a space or of an activation, as `namespace/name`. */
  destinationsOf(object: RawResource): string[] {
    const resource = this.#parsed.get(object)
    const names = resource ? destinationNames(resource) : []
    return names.map((name) => `${resource?.metadata.namespace}/${name}`)
  }

  /** The spaces that are connected to a destination, or have an activation for it; all as `namespace/name`. */
  spacesOf(destination: string): string[] {
    const found = new Set<string>()
    for (const kind of ['EngageSpace', 'Activation'] as const) {
      for (const slim of this.#caches()[kind].all()) {
        if (!this.destinationsOf(slim).includes(destination)) continue
        const space = kind === 'Activation' ? this.spaceOf(slim) : `${slim.metadata.namespace}/${slim.metadata.name}`
        if (space !== undefined) found.add(space)
      }
    }
    return [...found]
  }

  /** The destinations that refer to a Secret; both as `namespace/name`. */
  destinationsWithSecret(secret: string): string[] {
    return this.#caches()
      .WarehouseDestination.all()
      .flatMap((slim) => {
        const { namespace, name } = slim.metadata
        const names = secretReferences(this.#parsed.get(slim)?.spec)
        return names.some((reference) => `${namespace}/${reference}` === secret) ? [`${namespace}/${name}`] : []
      })
  }

  /** The destination that stands first in a space, as `namespace/name`. */
  firstDestinationOf(space: string): string | undefined {
    const slim = this.#caches().EngageSpace.get(space)
    return slim && this.destinationsOf(slim)[0]
  }

  /** Whether the status is of the spec as it is now: then nobody waits for it. */
  isObserved(object: RawResource): boolean {
    const { metadata, status } = this.#parsed.get(object) ?? object
    return isFields(status) && status.observedGeneration === metadata.generation
  }

  /** All resources of all kinds. */
  all(): EngageResource[] {
    return KINDS.flatMap((kind) => this.#all(kind))
  }

  count(kind: Kind): number {
    return this.#caches()[kind].all().length
  }

  /** Forgets what it knew of a resource that is gone. */
  forget(uid: string | undefined): void {
    this.#written.delete(uid ?? '')
  }

  #all(kind: Kind): EngageResource[] {
    return this.#caches()
      [kind].all()
      .flatMap((slim) => {
        const resource = this.#parsed.get(slim)
        return resource ? [this.#withWritten(resource)] : []
      })
  }

  /** A status that was just written counts before the cache has heard of it: what follows from it is then right at once. */
  #withWritten(resource: EngageResource): EngageResource {
    const { uid = '', resourceVersion } = resource.metadata
    const written = this.#written.get(uid)
    if (!written) return resource
    if (written.resourceVersion === resourceVersion || Date.now() - written.at > ECHO_MS) {
      this.#written.delete(uid)
      return resource
    }
    return withStatus(resource, written.status)
  }
}

/** The status was written for this resource, so it is of its kind. */
function withStatus<R extends EngageResource>(resource: R, status: EngageResource['status']): R {
  return { ...resource, status }
}

function destinationNames(resource: EngageResource): string[] {
  switch (resource.kind) {
    case 'WarehouseDestination':
      return []
    case 'EngageSpace':
      return resource.spec.destinations.map(({ name }) => name)
    case 'Activation':
      return [resource.spec.destinationRef.name]
  }
}
