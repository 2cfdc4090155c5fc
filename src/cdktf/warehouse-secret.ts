import {
  Annotations,
  type TerraformProvider,
  type TerraformResource,
  TerraformStack,
  type TerraformVariable,
  Token,
} from 'cdktf'
import { Construct, type IConstruct } from 'constructs'
import { secretFor } from './backend'
import { Backend, EngageDefaults } from './engage-defaults'
import { KubeName } from './kube-name'
import type { SecretKeyReference } from './manifests'

/** The resources behind references that `key` gave out. */
const SECRETS = new WeakMap<object, TerraformResource>()

/** The Secrets of Terraform that settings refer to: they are made before what uses them, and taken away after it. */
export function secretsOf(settings: object): TerraformResource[] {
  const found = Object.values(settings).map((value) => SECRETS.get(Object(value)))
  return [...new Set(found)].filter((resource): resource is TerraformResource => resource !== undefined)
}

/** Props of a WarehouseSecret. */
export interface WarehouseSecretProps {
  /** The values by key: each a sensitive variable of the stack. */
  readonly values: { [key: string]: TerraformVariable }
  /**
   * Name of the Secret in the cluster.
   *
   * @default - made of the path of the construct, see KubeName
   */
  readonly name?: string
  /**
   * Its namespace: that of the resources which use it.
   *
   * @default - that of EngageDefaults, else `default`
   */
  readonly namespace?: string
  /**
   * How it gets into the cluster.
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
}

/**
 * A Secret made of sensitive variables. Terraform keeps the values in its state: where that is not as safe as the cluster,
 * let something else make the Secret and name it by `{ name, key }`.
 */
export class WarehouseSecret extends Construct {
  /** Name of the Secret in the cluster. */
  public readonly name: string
  /** Its namespace. */
  public readonly namespace: string
  /** The Terraform resource. */
  public readonly resource: TerraformResource

  private readonly keys: string[]

  constructor(scope: Construct, id: string, props: WarehouseSecretProps) {
    super(scope, id)
    const defaults = EngageDefaults.of(this)
    this.name = props.name ?? KubeName.of(this)
    this.namespace = props.namespace ?? defaults.namespace ?? 'default'
    this.keys = Object.keys(props.values)
    this.refuseSecond()
    const texts = Object.entries(props.values).map(([key, value]): [string, string] => [key, this.textOf(key, value)])
    this.resource = secretFor(props.backend ?? defaults.backend ?? Backend.KUBERNETES_MANIFEST, this, {
      name: this.name,
      namespace: this.namespace,
      values: Object.fromEntries(texts),
      provider: props.provider ?? defaults.provider,
    })
    this.resource.overrideLogicalId(`secret_${this.namespace}_${this.name}`)
    Annotations.of(this).addWarning(
      `the state of Terraform has the values of Secret ${this.name}: keep it where only few can read it`,
    )
  }

  /**
   * One key of the Secret, for `passwordSecretRef` and the like. A WarehouseDestination that has it comes after the Secret.
   *
   * @param key which
   */
  public key(key: string): SecretKeyReference {
    if (this.keys.includes(key)) {
      const reference = { name: this.name, key }
      SECRETS.set(reference, this.resource)
      return reference
    }
    throw new Error(`${this.node.path}: has no key "${key}": write one of ${this.keys.join(', ')}, or add it to values`)
  }

  /** Terraform would make one of both, with the values of either. */
  private refuseSecond(): void {
    const { name, namespace } = this
    const isSame = (one: IConstruct) =>
      one instanceof WarehouseSecret && one !== this && one.name === name && one.namespace === namespace
    const other = TerraformStack.of(this).node.findAll().find(isSame)
    if (!other) return
    throw new Error(
      `${this.node.path}: the Secret ${name} stands in ${other.node.path} too: keep one of them, or give this one another name`,
    )
  }

  private textOf(key: string, variable: TerraformVariable): string {
    if (variable.sensitive) return Token.asString(variable.value)
    throw new Error(
      `${this.node.path}: values.${key}: the variable ${variable.node.id} is not sensitive: write sensitive: true`,
    )
  }
}
