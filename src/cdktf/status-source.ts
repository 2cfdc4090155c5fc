import { Fn, type TerraformResource, Token } from 'cdktf'
import { DataKubernetesResource } from './bindings/kubernetes/data-kubernetes-resource'
import { Backend } from './engage-defaults'
import type { EngageManifest } from './engage-manifest'
import { API_VERSION } from './model'

const PATH = /^[A-Za-z]\w*(\.[A-Za-z]\w*|\[\d+\])*$/

/** Reads the status of a resource once Terraform has made it. */
export class StatusSource {
  private readonly data: DataKubernetesResource

  constructor(
    private readonly manifest: EngageManifest,
    resource: TerraformResource,
  ) {
    const { kind, name, namespace = 'default' } = manifest
    const { provider } = resource
    const isOfKubernetes = manifest.backend === Backend.KUBERNETES_MANIFEST
    if (!isOfKubernetes && provider?.alias !== undefined) {
      throw new Error(
        `${manifest.node.path}: its provider has the alias ${provider.alias}, and the status would be read through the one of hashicorp/kubernetes without an alias, maybe of another cluster: write Backend.KUBERNETES_MANIFEST, or make a kubernetes.dataKubernetesResource.DataKubernetesResource with a provider of that cluster`,
      )
    }
    this.data = new DataKubernetesResource(manifest, 'Status', {
      apiVersion: API_VERSION,
      kind,
      metadata: { name, namespace },
      provider: isOfKubernetes ? provider : undefined,
      dependsOn: [resource],
    })
    this.data.overrideLogicalId(resource.friendlyUniqueId)
  }

  /** A field as a token; empty text as long as it is not there. */
  public attribute(path: string): string {
    if (PATH.test(path)) return Token.asString(Fn.try([this.field(path), '']))
    throw new Error(`${this.manifest.node.path}: "${path}" is no path: write one such as tables[0].name`)
  }

  /** The status of a condition as a token; empty text as long as there is none. */
  public condition(type: string): string {
    const byType = Fn.zipmap(this.field('conditions[*].type'), this.field('conditions[*].status'))
    return Token.asString(Fn.try([Fn.lookup(byType, type), '']))
  }

  private field(path: string): any {
    return this.data.interpolationForAttribute(`object.status.${path}`)
  }
}
