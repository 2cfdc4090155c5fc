import { KubeConfig } from '@kubernetes/client-node'
import { KubeClient } from '../../src/kube/client.ts'
import { isNotFound } from '../../src/kube/errors.ts'
import { kubeConfigAccess } from '../../src/kube/kube-config.ts'
import type { KubeObject, ResourceType } from '../../src/kube/object.ts'
import type { Kind } from '../../src/model/resource.ts'
import type { Condition } from '../../src/model/status.ts'
import { ENGAGE, SECRETS, type Secret } from '../../src/operator/resource-types.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { activation, destination, type Manifest, space } from './manifests.ts'
import type { WatchedDatabase } from './watched-database.ts'

/** A resource as the API server has it. */
export interface Found extends KubeObject {
  spec: Record<string, unknown>
  status?: { observedGeneration?: number; conditions?: Condition[] } & Record<string, unknown>
}

/** The resources of one namespace, as people who use the operator see and change them. */
export class Fleet implements AsyncDisposable {
  readonly client: KubeClient
  readonly namespace: string

  constructor(kubeconfig: string, namespace: string) {
    this.namespace = namespace
    this.client = new KubeClient({
      access: kubeConfigAccess(() => {
        const config = new KubeConfig()
        config.loadFromFile(kubeconfig)
        return config
      }),
      userAgent: 'engageops-test',
    })
  }

  /** The destination `warehouse`, the space `main`, the Secret, and activations of these names; each can be had later too. */
  async connect(database: WatchedDatabase, activations: readonly string[] = [], spec: object = {}): Promise<void> {
    await this.putSecret(database.password)
    await this.apply(destination(this.namespace, database.address, spec), space(this.namespace))
    await this.apply(...activations.map((name) => activation(this.namespace, name)))
  }

  /** The Secret `postgres`, made or changed. */
  async putSecret(password: string, namespace = this.namespace): Promise<void> {
    await this.client.apply<Secret>(
      SECRETS,
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { namespace, name: 'postgres' },
        data: { password: Buffer.from(password).toString('base64') },
      },
      { fieldManager: 'test', force: true },
    )
  }

  /** As `kubectl apply --server-side`, many at once. */
  async apply(...manifests: readonly Manifest[]): Promise<void> {
    await Promise.all(
      manifests.map((it) => this.client.apply(ENGAGE[it.kind], it, { fieldManager: 'test', force: true })),
    )
  }

  /** Sets an annotation. */
  async annotate(kind: Kind, name: string, annotations: Record<string, string>): Promise<void> {
    await this.client.patch(ENGAGE[kind], { namespace: this.namespace, name }, { merge: { metadata: { annotations } } })
  }

  async delete(kind: Kind, name: string): Promise<void> {
    await this.client.delete(ENGAGE[kind], { namespace: this.namespace, name })
  }

  async get(kind: Kind, name: string): Promise<Found> {
    return await this.client.get<Found>(ENGAGE[kind], { namespace: this.namespace, name })
  }

  async exists(type: ResourceType, name: string): Promise<boolean> {
    try {
      await this.client.get(type, { namespace: this.namespace, name })
      return true
    } catch (error) {
      if (isNotFound(error)) return false
      throw error
    }
  }

  async all(kind: Kind): Promise<Found[]> {
    const found: Found[] = []
    for await (const { items } of this.client.pages<Found>(ENGAGE[kind], { namespace: this.namespace })) {
      found.push(...items)
    }
    return found
  }

  /** Waits until Ready has this status and reason, for the spec as it is now. */
  async hasReady(kind: Kind, name: string, ready: string, seconds = 60): Promise<Found> {
    let last = 'nothing'
    return await eventually(`${kind} ${name} ${ready}`, seconds, async () => {
      const found = await this.get(kind, name)
      if (last !== readyOf(found)) last = readyOf(found)
      return found.status?.observedGeneration === found.metadata.generation && last === ready && found
    }).catch((error: unknown) => {
      throw new Error(`${error}: it is ${last}`)
    })
  }

  /** Waits until all of a kind have this Ready. */
  async allReady(kind: Kind, ready = 'True Ready', seconds = 60): Promise<void> {
    let counts = {}
    await eventually(`all of ${kind} ${ready}`, seconds, async () => {
      const all = await this.all(kind)
      counts = Object.fromEntries([...Map.groupBy(all, readyOf)].map(([key, list]) => [key, list.length]))
      return all.every((it) => readyOf(it) === ready && it.status?.observedGeneration === it.metadata.generation)
    }).catch((error: unknown) => {
      throw new Error(`${error}: they are ${JSON.stringify(counts)}`)
    })
  }

  /** Names, versions of all resources: equal when nothing was written. */
  async versions(): Promise<string[]> {
    const kinds: Kind[] = ['WarehouseDestination', 'EngageSpace', 'Activation']
    const all = await Promise.all(kinds.map((kind) => this.all(kind)))
    return all.flat().map(({ kind, metadata }) => `${kind} ${metadata.name} ${metadata.resourceVersion}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close()
  }
}

/** Status and reason of Ready, as `True Ready`. */
export function readyOf({ status }: Found): string {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready')
  return ready ? `${ready.status} ${ready.reason}` : 'no Ready'
}
