import type { ITerraformDependable, TerraformProvider } from 'cdktf'
import type { Backend } from './engage-defaults'

/** What every resource has beside its spec. */
export interface EngageManifestProps {
  /**
   * Name of the resource in the cluster: `metadata.name`.
   *
   * @default - made of the path of the construct, see KubeName
   */
  readonly name?: string
  /**
   * Namespace of the resource.
   *
   * @default - that of EngageDefaults
   */
  readonly namespace?: string
  /**
   * Labels, beside those of EngageDefaults.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string }
  /**
   * Annotations.
   *
   * @default - none
   */
  readonly annotations?: { [key: string]: string }
  /**
   * How the manifest gets into the cluster.
   *
   * @default - that of EngageDefaults, else Backend.KUBERNETES_MANIFEST
   */
  readonly backend?: Backend
  /**
   * The Terraform provider, where the stack has several.
   *
   * @default - that of EngageDefaults, else the one without an alias
   */
  readonly provider?: TerraformProvider
  /**
   * What Terraform makes first.
   *
   * @default - what the resource refers to
   */
  readonly dependsOn?: ITerraformDependable[]
  /**
   * Whether apply waits until the operator says Ready. Only kubernetes_manifest can.
   *
   * @default false
   */
  readonly waitForReady?: boolean
}
