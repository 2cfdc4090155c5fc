import { type ITerraformDependable, type TerraformProvider, TerraformResource } from 'cdktf'
import type { Construct } from 'constructs'
import type { Backend } from './engage-defaults'

/** The arguments of a resource. */
export interface ManifestArguments {
  /** As JSON has them. */
  readonly json: { readonly [name: string]: unknown }
  /** As HCL has them: each with its type, as in bindings. */
  readonly hcl: { readonly [name: string]: object }
}

/** What every resource can have. */
export interface ResourceOptions {
  readonly provider?: TerraformProvider
  readonly dependsOn?: ITerraformDependable[]
}

/**
 * The resource that carries a manifest. The bindings have one too, but it makes references to all its blocks when it is made,
 * each with a trace of the calls: of a thousand resources they took a third of the time.
 */
export class ManifestResource extends TerraformResource {
  constructor(
    scope: Construct,
    type: Backend.KUBERNETES_MANIFEST | Backend.KUBECTL_MANIFEST,
    private readonly content: ManifestArguments,
    options: ResourceOptions,
  ) {
    const [providerName = type] = type.split('_')
    super(scope, 'Resource', {
      ...options,
      terraformResourceType: type,
      terraformGeneratorMetadata: { providerName },
    })
  }

  protected synthesizeAttributes(): { [name: string]: any } {
    return { ...this.content.json }
  }

  protected synthesizeHclAttributes(): { [name: string]: any } {
    return { ...this.content.hcl }
  }
}
