import type { TerraformProviderGeneratorMetadata } from 'cdktf'
import type { Construct } from 'constructs'
import * as generated from './kubectl/provider'

/** Two providers have the resource `kubectl_manifest`: the older one, which this library is tested with, and its fork. */
export interface KubectlProviderProps extends generated.KubectlProviderConfig {
  /**
   * Where Terraform gets the provider: `gavinbunney/kubectl`, `alekc/kubectl`, or the address of a mirror's.
   *
   * @default "gavinbunney/kubectl"
   */
  readonly source?: string
  /**
   * The versions that are good, as a Terraform version constraint.
   *
   * @default "~> 1.19" of gavinbunney/kubectl; any version of another source
   */
  readonly version?: string
}

/** The provider of `kubectl_manifest`, which plans without a cluster and without the CRDs. */
export class KubectlProvider extends generated.KubectlProvider {
  declare public readonly terraformProviderSource?: string
  declare public readonly terraformGeneratorMetadata?: TerraformProviderGeneratorMetadata

  constructor(scope: Construct, id: string, props: KubectlProviderProps = {}) {
    super(scope, id, props)
    if (props.source === undefined && props.version === undefined) return
    this.terraformProviderSource = props.source ?? this.terraformProviderSource
    this.terraformGeneratorMetadata = { providerName: 'kubectl', providerVersionConstraint: props.version }
  }
}
