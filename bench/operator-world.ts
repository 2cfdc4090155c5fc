import { Client } from 'pg'
import type { KubeObject, ResourceType } from '../src/kube/object.ts'
import type { Kind } from '../src/model/resource.ts'
import { ENGAGE } from '../src/operator/resource-types.ts'
import { Fleet, type Found } from '../test/operator/fleet.ts'
import { activation, destination, type Manifest, space } from '../test/operator/manifests.ts'

const NAMESPACES: ResourceType = {
  group: '',
  version: 'v1',
  plural: 'namespaces',
  kind: 'Namespace',
  namespaced: false,
}
/** Requests that are under way at once. */
const AT_ONCE = 32

export interface WorldSize {
  /** Each with a table of its own. */
  activations: number
  spaces: number
  /** Each with a destination, which is a database, of its own. */
  namespaces: number
}

/** The resources of the benchmark in many namespaces. */
export class OperatorWorld extends Fleet {
  readonly #size: WorldSize
  readonly #login: { host: string; port: number; user: string; password: string }

  constructor(kubeconfig: string, size: WorldSize, login: { port: number; password: string }) {
    super(kubeconfig, 'engageops-system')
    this.#size = size
    this.#login = { host: '127.0.0.1', user: 'postgres', ...login }
  }

  /** Makes everything that is there before an operator is. */
  async prepare(): Promise<void> {
    await this.#createNamespace(this.namespace)
    const { host, port, password } = this.#login
    for (let index = 0; index < this.#size.namespaces; index += 1) {
      const namespace = this.namespaceOf(index)
      const database = `bench_${index}`
      await this.#createNamespace(namespace)
      await this.putSecret(password, namespace)
      await this.#createDatabase(database)
      await this.apply(destination(namespace, { host, port, database }))
    }
    await this.addSpaces('s', this.#size.spaces, this.#size.activations)
  }

  /** Makes spaces and their activations, named alike. */
  async addSpaces(prefix: string, spaces: number, activations: number): Promise<void> {
    const name = (index: number) => `${prefix}${index % spaces}`
    await this.#applyAll([
      ...Array.from({ length: spaces }, (_, index) => space(this.namespaceOf(index), name(index))),
      ...Array.from({ length: activations }, (_, index) =>
        activation(this.namespaceOf(index % spaces), `${prefix}${index % spaces}-a${index}`, {
          spaceRef: { name: name(index) },
        }),
      ),
    ])
  }

  namespaceOf(index: number): string {
    return `bench-${index % this.#size.namespaces}`
  }

  /** All of a kind, in all namespaces. */
  async everywhere(kind: Kind): Promise<Found[]> {
    const found: Found[] = []
    for await (const { items } of this.client.pages<Found>(ENGAGE[kind])) found.push(...items)
    return found
  }

  async #applyAll(manifests: readonly Manifest[]): Promise<void> {
    const waiting = manifests.values()
    const work = async () => {
      for (const manifest of waiting) await this.apply(manifest)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
  }

  async #createNamespace(name: string): Promise<void> {
    await this.client.create<KubeObject>(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } })
  }

  async #createDatabase(name: string): Promise<void> {
    const client = new Client({ ...this.#login, database: 'postgres' })
    await client.connect()
    await client.query(`CREATE DATABASE ${name}`)
    await client.end()
  }
}
