import { ApiException, CustomObjectsApi, KubeConfig } from '@kubernetes/client-node'
import { DEFINITIONS } from '../../src/model/kinds.ts'
import { API_VERSION, type Kind } from '../../src/model/resource.ts'
import { manifest } from '../model/manifests.ts'
import type { TestCluster } from './on-cluster.ts'

/** Why the API server refuses a manifest: the words for all of it, and for each field where it names some. */
export interface Refusal {
  message: string
  fields: { field: string; message: string }[]
}

/** Asks the API server whether it would take a spec, as `kubectl apply --dry-run=server --validate=strict` does. */
export async function dryRun({ kubeconfig, namespace }: TestCluster, kind: Kind, spec: unknown) {
  const { api, address } = apiFor(kubeconfig, namespace, kind)
  return refusalOf(
    api.createNamespacedCustomObject({
      ...address,
      body: manifest(kind, spec),
      dryRun: 'All',
      fieldValidation: 'Strict',
    }),
  )
}

/** Makes a resource, asks whether the API server would take another spec for it, and deletes it. */
export async function dryRunChange(cluster: TestCluster, kind: Kind, before: unknown, after: unknown) {
  const { api, address } = apiFor(cluster.kubeconfig, cluster.namespace, kind)
  const created = await api.createNamespacedCustomObject({ ...address, body: manifest(kind, before) })
  const { name, resourceVersion } = created.metadata
  try {
    const body = manifest(kind, after, { resourceVersion })
    return await refusalOf(api.replaceNamespacedCustomObject({ ...address, name, body, dryRun: 'All' }))
  } finally {
    await api.deleteNamespacedCustomObject({ ...address, name })
  }
}

function apiFor(kubeconfig: string, namespace: string, kind: Kind) {
  const config = new KubeConfig()
  config.loadFromFile(kubeconfig)
  const [group = '', version = ''] = API_VERSION.split('/')
  return {
    api: config.makeApiClient(CustomObjectsApi),
    address: { group, version, namespace, plural: DEFINITIONS[kind].plural },
  }
}

async function refusalOf(request: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await request
    return undefined
  } catch (error) {
    if (!(error instanceof ApiException)) throw error
    const { message, details } = typeof error.body === 'string' ? JSON.parse(error.body) : error.body
    return { message, fields: details?.causes ?? [] }
  }
}
