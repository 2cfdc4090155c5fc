import type { KubeClient } from '../kube/client.ts'
import type { KubeObject, ResourceType } from '../kube/object.ts'
import { type Change, Reflector, type ReflectorReport } from '../kube/reflector.ts'

export interface CacheOptions<T extends KubeObject> {
  client: KubeClient
  type: ResourceType
  /** Default: all. */
  namespaces?: readonly string[] | undefined
  labelSelector?: string | undefined
  metadataOnly?: boolean
  slim?: (object: T) => T
  onChange: (change: Change<T>) => void
  report: (report: ReflectorReport, kind: string, namespace: string | undefined) => void
}

/** How far a cache knows what is in a namespace, or in all; see Reflector. */
export type Listing = Pick<Reflector<never>, 'answered' | 'synced' | 'isSynced' | 'lastFailure'>

/** All objects of a type in the namespaces that the operator looks after: a reflector for each, or one for all. */
export class ResourceCache<T extends KubeObject> {
  readonly kind: string
  readonly #reflectors: ReadonlyMap<string | undefined, Reflector<T>>

  constructor({ namespaces, report, ...options }: CacheOptions<T>) {
    const { kind } = options.type
    const reflectorOf = (namespace: string | undefined) =>
      new Reflector<T>({ ...options, namespace, report: (what) => report(what, kind, namespace) })
    this.kind = kind
    this.#reflectors = new Map((namespaces ?? [undefined]).map((namespace) => [namespace, reflectorOf(namespace)]))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#reflectors.values()].map((reflector) => reflector.run(signal)))
  }

  /** By namespace; undefined: of all. */
  get listings(): ReadonlyMap<string | undefined, Listing> {
    return this.#reflectors
  }

  /** See Reflector: the one that has been silent longest. */
  get lastActivity(): number {
    return Math.min(...[...this.#reflectors.values()].map((reflector) => reflector.lastActivity))
  }

  get(key: string): T | undefined {
    for (const reflector of this.#reflectors.values()) {
      const object = reflector.get(key)
      if (object) return object
    }
    return undefined
  }

  all(): T[] {
    return [...this.#reflectors.values()].flatMap((reflector) => [...reflector.values()])
  }
}
