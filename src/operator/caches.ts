import { setTimeout as sleep } from 'node:timers/promises'
import type { Listing, ResourceCache } from './resource-cache.ts'

type Cache = Pick<ResourceCache<never>, 'kind' | 'listings' | 'lastActivity' | 'run'>

/**
 * The caches of all kinds, and how far they know each namespace together. A namespace that is gone, or that the operator has
 * no right in, must not keep it from the others: it is left out until every kind of it could be listed once. Before that
 * nothing may be concluded from what is not in a cache.
 */
export class Caches {
  readonly #caches: readonly Cache[]
  /** By namespace, or for all: the listings of each kind. */
  readonly #namespaces: ReadonlyMap<string | undefined, readonly { kind: string; listing: Listing }[]>

  constructor(caches: readonly Cache[]) {
    this.#caches = caches
    const all = caches.flatMap(({ kind, listings }) =>
      [...listings].map(([namespace, listing]) => ({ namespace, kind, listing })),
    )
    this.#namespaces = Map.groupBy(all, ({ namespace }) => namespace)
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#caches.map((cache) => cache.run(signal)))
  }

  /** See Reflector: the one that has been silent longest. */
  get lastActivity(): number {
    return Math.min(...this.#caches.map(({ lastActivity }) => lastActivity))
  }

  /** Whether it looks after a namespace that it does not know whole yet. */
  isUnseen(namespace: string | undefined): boolean {
    return this.#namespaces.get(namespace)?.some(({ listing }) => !listing.isSynced) === true
  }

  /** The namespaces that are left out, with what is missing of each and why. */
  get unseen(): { namespace: string | undefined; kinds: string[]; error: string }[] {
    return [...this.#namespaces].flatMap(([namespace, all]) => {
      const missing = all.filter(({ listing }) => !listing.isSynced)
      if (missing.length === 0) return []
      const failure = missing.map(({ listing }) => listing.lastFailure).find((error) => error !== undefined)
      const error = failure instanceof Error ? failure.message : 'no answer yet'
      return [{ namespace, kinds: missing.map(({ kind }) => kind), error }]
    })
  }

  /** Fulfilled when a namespace is known whole. */
  async seen(namespace: string | undefined): Promise<void> {
    await Promise.all((this.#namespaces.get(namespace) ?? []).map(({ listing }) => listing.synced))
  }

  /**
   * Waits until each namespace is known whole or refused, and one at least is known, or until `stop` aborts. Throws where
   * that takes too long: something is wrong that a new process may not have.
   */
  async filled(timeoutMs: number, stop: AbortSignal): Promise<void> {
    const waited = new AbortController()
    const signal = AbortSignal.any([stop, waited.signal])
    const timeout = sleep(timeoutMs, undefined, { signal }).then(
      () => {
        throw new Error(`the API server did not list all resources within ${timeoutMs / 1000} s: ${this.#missing()}`)
      },
      () => undefined,
    )
    await Promise.race([this.#filled(), timeout]).finally(() => waited.abort())
  }

  async #filled(): Promise<void> {
    const namespaces = [...this.#namespaces]
    await Promise.all(namespaces.flatMap(([, all]) => all.map(({ listing }) => listing.answered)))
    await Promise.any(namespaces.map(([namespace]) => this.seen(namespace)))
  }

  #missing(): string {
    return this.unseen
      .map(({ namespace, kinds, error }) => `${kinds.join(', ')} in ${namespace ?? 'all namespaces'} (${error})`)
      .join('; ')
  }
}
