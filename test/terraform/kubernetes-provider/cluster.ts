import { readFileSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import { KubeClient } from '../../../src/kube/client.ts'
import { KubeError } from '../../../src/kube/errors.ts'
import { kubeConfigAccess } from '../../../src/kube/kube-config.ts'
import type { KubeObject, ResourceType } from '../../../src/kube/object.ts'
import { Transport } from '../../../src/kube/transport.ts'
import { ProviderError } from './errors.ts'
import { at, isMap, maps, type State } from './values.ts'

/** An object with all that it holds. */
export type Whole = KubeObject & { [field: string]: unknown }

/** The API server that a provider block names, and what it serves. */
export class Cluster {
  readonly client: KubeClient
  readonly #transport: Transport

  constructor(provider: State) {
    const options = { access: kubeConfigAccess(() => kubeConfigOf(provider)), userAgent: 'terraform' }
    this.client = new KubeClient(options)
    this.#transport = new Transport(options)
  }

  /** Undefined where the API server serves no such kind. */
  async typeOf(apiVersion: string, kind: string): Promise<ResourceType | undefined> {
    const [version = '', group = ''] = apiVersion.split('/').reverse()
    const path = group === '' ? `/api/${version}` : `/apis/${apiVersion}`
    const resources = maps(at(await this.#get(path), 'resources'))
    const found = resources.find((resource) => resource.kind === kind && !String(resource.name).includes('/'))
    return found && { group, version, kind, plural: String(found.name), namespaced: found.namespaced === true }
  }

  /** The fields of a custom resource that take anything. */
  async schemalessPaths({ group, version, plural }: ResourceType): Promise<string[]> {
    const definition = await this.#get(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`)
    const ofVersion = maps(at(definition, 'spec.versions')).find(({ name }) => name === version)
    return schemaless(at(ofVersion, 'schema.openAPIV3Schema'))
  }

  async #get(path: string): Promise<unknown> {
    return await orUndefined(this.#transport.exchange({ method: 'GET', path, repeatable: true }))
  }

  /** Undefined where it is not there. */
  async find(type: ResourceType, metadata: { name: string; namespace?: string | undefined }) {
    return await orUndefined(this.client.get<Whole>(type, metadata))
  }

  /** Returns when it has gone, finalizers and all. */
  async delete(type: ResourceType, metadata: { name: string; namespace?: string | undefined }): Promise<void> {
    await orUndefined(this.client.delete(type, metadata))
    await until(600, `the end of ${type.kind} ${metadata.name}`, async () => !(await this.find(type, metadata)))
  }
}

/** Asks four times a second. */
export async function until(seconds: number, what: string, isSo: () => Promise<boolean>): Promise<void> {
  const end = Date.now() + seconds * 1000
  while (!(await isSo())) {
    if (Date.now() > end) throw new ProviderError('Operation timed out', `${what}: not within ${seconds} s`)
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
}

function schemaless(schema: unknown, path: readonly string[] = []): string[] {
  if (at(schema, 'x-kubernetes-preserve-unknown-fields') === true) return [path.join('.')]
  const properties = at(schema, 'properties')
  return isMap(properties)
    ? Object.entries(properties).flatMap(([name, property]) => schemaless(property, [...path, name]))
    : []
}

async function orUndefined<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof KubeError && error.code === 404) return undefined
    throw error
  }
}

function kubeConfigOf(provider: State): KubeConfig {
  const { config_path, config_context, host, token, insecure, cluster_ca_certificate: ca } = provider
  const config = new KubeConfig()
  if (typeof host === 'string') {
    const cluster = { name: 'c', server: host, skipTLSVerify: insecure === true }
    config.loadFromOptions({
      clusters: [{ ...cluster, ...(typeof ca === 'string' && { caData: Buffer.from(ca).toString('base64') }) }],
      users: [{ name: 'u', ...(typeof token === 'string' && { token }) }],
      contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
      currentContext: 'x',
    })
    return config
  }
  const file = typeof config_path === 'string' ? config_path : process.env.KUBE_CONFIG_PATH
  if (file === undefined) throw new ProviderError('Invalid provider configuration', 'set config_path, or host')
  config.loadFromString(readFileSync(file, 'utf8'))
  if (typeof config_context === 'string') config.setCurrentContext(config_context)
  return config
}
