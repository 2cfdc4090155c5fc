import type { TerraformProvider } from 'cdktf'
import type { IConstruct } from 'constructs'
import { merged } from './plain-data'

/** How manifests get into a cluster. */
export enum Backend {
  /** `kubernetes_manifest` of hashicorp/kubernetes: plans need the cluster, with the CRDs in it. */
  KUBERNETES_MANIFEST = 'kubernetes_manifest',
  /** `kubectl_manifest` of gavinbunney/kubectl or alekc/kubectl: plans need neither. */
  KUBECTL_MANIFEST = 'kubectl_manifest',
  /** None: `EngageManifests.toYaml` writes them for Argo CD, Flux or kubectl, and no stack is needed. */
  YAML = 'yaml',
}

/** What holds below a construct where nothing else is said. */
export interface EngageDefaultsProps {
  /**
   * How manifests get into the cluster.
   *
   * @default Backend.KUBERNETES_MANIFEST
   */
  readonly backend?: Backend
  /**
   * The namespace of the resources.
   *
   * @default - none is written; that is `default`, or what kubectl and Argo CD are told
   */
  readonly namespace?: string
  /**
   * Labels of all resources, beside their own.
   *
   * @default - none
   */
  readonly labels?: { [key: string]: string }
  /**
   * The provider, where the stack has several.
   *
   * @default - the one without an alias
   */
  readonly provider?: TerraformProvider
}

const SET = new WeakMap<IConstruct, EngageDefaultsProps>()

/** Defaults of all resources below a construct, such as a stack. Those nearer to a resource win. */
export class EngageDefaults {
  /**
   * Sets defaults for what is made below a construct from now on.
   *
   * @param scope a stack, the app, or any construct
   * @param props the defaults; what is left out is that of the constructs above
   */
  public static set(scope: IConstruct, props: EngageDefaultsProps): void {
    SET.set(scope, { ...SET.get(scope), ...props })
  }

  /**
   * The defaults that hold in a construct.
   *
   * @param scope the construct
   */
  public static of(scope: IConstruct): EngageDefaultsProps {
    const all = scope.node.scopes.map((construct) => SET.get(construct) ?? {})
    return Object.assign({}, ...all, { labels: merged(all.map(({ labels }) => labels)) })
  }
}
