import { stringify } from 'yaml'
import type { KubeObject } from '../../src/kube/object.ts'

/** The two resources that carry a manifest. */
export const BACKENDS = ['kubernetes_manifest', 'kubectl_manifest'] as const
export type Backend = (typeof BACKENDS)[number]

const REQUIRED = {
  kubernetes: { source: 'hashicorp/kubernetes', version: '~> 2.38' },
  kubectl: { source: 'gavinbunney/kubectl', version: '~> 1.19' },
}

/** A stack as somebody writes it by hand, in Terraform's JSON: manifests, and what else it has. */
export function stackOf(backend: Backend, kubeconfig: string, manifests: readonly KubeObject[], more: object = {}) {
  const resources = manifests.map((manifest) => [labelOf(manifest), argumentsOf(backend, manifest)])
  return {
    terraform: { required_providers: REQUIRED },
    provider: { kubernetes: { config_path: kubeconfig }, kubectl: { config_path: kubeconfig } },
    resource: { [backend]: Object.fromEntries(resources) },
    ...more,
  }
}

/** Takes over what is in the cluster, under the addresses of `stackOf`. */
export const importsOf = (backend: Backend, manifests: readonly KubeObject[]) =>
  manifests.map((manifest) => ({ to: `${backend}.${labelOf(manifest)}`, id: importId(backend, manifest) }))

const labelOf = ({ kind, metadata }: KubeObject): string => `${kind}_${metadata.name}`

const argumentsOf = (backend: Backend, manifest: KubeObject) =>
  backend === 'kubernetes_manifest' ? { manifest } : { yaml_body: stringify(manifest), server_side_apply: true }

const importId = (backend: Backend, { apiVersion, kind, metadata }: KubeObject): string =>
  backend === 'kubernetes_manifest'
    ? `apiVersion=${apiVersion},kind=${kind},namespace=${metadata.namespace},name=${metadata.name}`
    : `${apiVersion}//${kind}//${metadata.name}//${metadata.namespace}`
