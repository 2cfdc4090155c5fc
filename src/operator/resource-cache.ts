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
  report: (report: ReflectorReport) => void
}

/** All objects of a type in the namespaces that the operator looks after: a reflector for each, or one for all. */
export class ResourceCache<T extends KubeObject> {
  readonly #reflectors: readonly Reflector<T>[]

  constructor({ namespaces, ...options }: CacheOptions<T>) {
    this.#reflectors = (namespaces ?? [undefined]).map((namespace) => new Reflector<T>({ ...options, namespace }))
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#reflectors.map((reflector) => reflector.run(signal)))
  }

  get synced(): Promise<unknown> {
    return Promise.all(this.#reflectors.map((reflector) => reflector.synced))
  }

  /** See Reflector: the one that has been silent longest. */
  get lastActivity(): number {
    return Math.min(...this.#reflectors.map((reflector) => reflector.lastActivity))
  }

  get(key: string): T | undefined {
    for (const reflector of this.#reflectors) {
      const object = reflector.get(key)
      if (object) return object
    }
    return undefined
  }

  all(): T[] {
    return this.#reflectors.flatMap((reflector) => [...reflector.values()])
  }
}
