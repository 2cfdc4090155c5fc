import { isDeepStrictEqual } from 'node:util'
import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import { immutableViolations } from '../model/immutable.ts'
import type { EngageResource } from '../model/kinds.ts'
import { FINALIZER, type ObjectMeta, type SecretKeyReference } from '../model/resource.ts'
import type { EngageSpace } from '../model/space.ts'
import type { ResourceStore } from '../reconcile/store.ts'
import { keyOf, newMetadata, type ResourceState, type StateFiles } from './resource-state.ts'
import { readSecret, type SecretSource } from './secrets.ts'

/** A valid resource of the folder, and the folder of its manifest. */
export interface Applied {
  resource: EngageResource
  baseDir: string
}

/** A change of a field that cannot change: the resource stays as it was. */
export interface Refusal {
  resource: EngageResource
  message: string
}

/**
 * The resources of a folder of manifests. It does what an API server would: it gives each a uid, a creation time and a
 * generation, refuses changes of immutable fields, and keeps what has left the folder until it is pruned. Nothing is
 * written before `admit`.
 */
export class LocalStore implements ResourceStore {
  readonly refusals: Refusal[] = []
  readonly #files: StateFiles
  readonly #secrets: SecretSource
  readonly #states: Map<string, ResourceState>
  readonly #inFolder = new Set<string>()
  /** Resources whose state is not written yet. */
  readonly #changed = new Set<string>()

  constructor(parts: {
    files: StateFiles
    states: Map<string, ResourceState>
    applied: readonly Applied[]
    secrets: SecretSource
    now: Date
  }) {
    this.#files = parts.files
    this.#states = parts.states
    this.#secrets = parts.secrets
    for (const applied of parts.applied) this.#apply(applied, parts.now)
  }

  /** Takes over statuses that another program has written since the folder was read; to be called under its lock. */
  refresh(): void {
    for (const [key, { resource }] of this.#files.readAll().states) {
      const state = this.#states.get(key)
      if (state) this.#states.set(key, { ...state, resource: withStatusOf(state.resource, resource) })
    }
  }

  /** Writes the resources that are new or have changed. */
  admit(): void {
    for (const key of this.#changed) {
      const state = this.#states.get(key)
      if (state) this.#files.write(state)
    }
    this.#changed.clear()
  }

  async destinations(): Promise<WarehouseDestination[]> {
    return this.all().filter((resource) => resource.kind === 'WarehouseDestination')
  }

  async spaces(): Promise<EngageSpace[]> {
    return this.all().filter((resource) => resource.kind === 'EngageSpace')
  }

  async activations(): Promise<Activation[]> {
    return this.all().filter((resource) => resource.kind === 'Activation')
  }

  /** All resources with their status, also those that have left the folder. */
  all(): EngageResource[] {
    return [...this.#states.values()]
      .map(({ resource }) => resource)
      .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0))
  }

  /** The resource as it is now; undefined once it is deleted. */
  get(resource: EngageResource): EngageResource | undefined {
    return this.#states.get(keyOf(resource))?.resource
  }

  /** Resources that were applied once and are no longer in the folder. */
  orphans(): EngageResource[] {
    return this.all().filter((resource) => !this.#inFolder.has(keyOf(resource)))
  }

  /** Folder that the relative paths of a resource are relative to, itself relative to the folder of the store. */
  baseDirOf(resource: EngageResource): string {
    return this.#states.get(keyOf(resource))?.baseDir ?? '.'
  }

  async writeStatus(resource: EngageResource): Promise<void> {
    const state = this.#states.get(keyOf(resource))
    if (!state || isDeepStrictEqual(state.resource.status, resource.status)) return
    this.#write({ ...state, resource: withMetadata(resource, state.resource.metadata) })
  }

  async setFinalizer({ kind, metadata }: EngageResource, present: boolean): Promise<void> {
    const state = this.#states.get(`${kind}/${metadata.namespace}/${metadata.name}`)
    if (!state) return
    const { finalizers, ...others } = state.resource.metadata
    if (!present && others.deletionTimestamp !== undefined) {
      this.#states.delete(keyOf(state.resource))
      this.#files.remove(state.resource)
    } else if (present !== (finalizers !== undefined)) {
      const next = present ? { ...others, finalizers: [FINALIZER] } : others
      this.#write({ ...state, resource: withMetadata(state.resource, next) })
    }
  }

  /** Marks a resource as deleted; it is gone when its reconciler lets go of it. */
  markDeleted(resource: EngageResource, now: Date, annotations: Readonly<Record<string, string>>): void {
    const state = this.#states.get(keyOf(resource))
    if (!state) return
    const metadata: ObjectMeta = {
      ...state.resource.metadata,
      deletionTimestamp: state.resource.metadata.deletionTimestamp ?? newMetadata(now).creationTimestamp,
      annotations: { ...state.resource.metadata.annotations, ...annotations },
    }
    this.#write({ ...state, resource: withMetadata(state.resource, metadata) })
  }

  async secret(_namespace: string, reference: SecretKeyReference): Promise<string> {
    return readSecret(this.#secrets, reference)
  }

  /** Nobody watches events here: what was done is told by the command that did it. */
  async event(): Promise<void> {}

  #write(state: ResourceState): void {
    this.#states.set(keyOf(state.resource), state)
    this.#files.write(state)
  }

  #apply({ resource, baseDir }: Applied, now: Date): void {
    const key = keyOf(resource)
    this.#inFolder.add(key)
    const before = this.#states.get(key)
    const next = before ? this.#update(before.resource, resource) : created(resource, now)
    const isSame = before?.baseDir === baseDir && isDeepStrictEqual(plain(before.resource), plain(next))
    if (isSame) return
    this.#states.set(key, { resource: next, baseDir })
    this.#changed.add(key)
  }

  #update(before: EngageResource, after: EngageResource): EngageResource {
    const { deletionTimestamp: _d, ...staying } = before.metadata
    const violations = immutableViolations(before, after)
    if (violations.length > 0) {
      this.refusals.push({ resource: after, message: violations.join('; ') })
      return withMetadata(before, staying)
    }
    const { labels: _l, annotations: _a, ...kept } = staying
    const isSameSpec = isDeepStrictEqual(plain(before.spec), plain(after.spec))
    const metadata: ObjectMeta = {
      ...kept,
      generation: (kept.generation ?? 1) + (isSameSpec ? 0 : 1),
      ...(after.metadata.labels && { labels: after.metadata.labels }),
      ...(after.metadata.annotations && { annotations: after.metadata.annotations }),
    }
    return withMetadata(withStatusOf(after, before), metadata)
  }
}

const created = (resource: EngageResource, now: Date): EngageResource =>
  withMetadata(resource, { ...resource.metadata, ...newMetadata(now) })

/** Both are the same resource, so they are of one kind. */
function withStatusOf(resource: EngageResource, from: EngageResource): EngageResource {
  switch (resource.kind) {
    case 'WarehouseDestination':
      return from.kind === resource.kind && from.status ? { ...resource, status: from.status } : resource
    case 'EngageSpace':
      return from.kind === resource.kind && from.status ? { ...resource, status: from.status } : resource
    case 'Activation':
      return from.kind === resource.kind && from.status ? { ...resource, status: from.status } : resource
  }
}

function withMetadata(resource: EngageResource, metadata: ObjectMeta): EngageResource {
  return { ...resource, metadata }
}

/** As a file has it: absent and undefined fields are the same. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value))
