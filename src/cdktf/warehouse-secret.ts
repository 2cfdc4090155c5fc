import {
  Annotations,
  type TerraformProvider,
  type TerraformResource,
  TerraformStack,
  type TerraformVariable,
  Token,
} from 'cdktf'
import { Construct, type IConstruct } from 'constructs'
import { addressOf, backendOf, secretFor } from './backend'
import { type Backend, EngageDefaults } from './engage-defaults'
import { KubeName } from './kube-name'
import type { ObjectStoreCredentials, SecretKeyReference } from './manifests'
import { requireArgument } from './require-argument'
import { referenceTo } from './secret-references'

/** What Kubernetes takes as the name of a Secret, and as a key in it. */
const NAME = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/
const KEY = /^(?!\.\.?$)[-._A-Za-z0-9]{1,253}$/

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
  private readonly alias?: string

  constructor(scope: Construct, id: string, props: WarehouseSecretProps) {
    super(scope, id)
    const defaults = EngageDefaults.of(this)
    this.name = props.name ?? KubeName.of(this)
    this.namespace = props.namespace ?? defaults.namespace ?? 'default'
    const provider = props.provider ?? defaults.provider
    const backend = backendOf(this, props.backend ?? defaults.backend)
    this.alias = provider?.alias
    this.keys = Object.keys(props.values)
    this.refuseNames()
    this.refuseSecond()
    const texts = Object.entries(props.values).map(([key, value]): [string, string] => [key, this.textOf(key, value)])
    this.resource = secretFor(backend, this, {
      name: this.name,
      namespace: this.namespace,
      values: Object.fromEntries(texts),
      provider,
    })
    const address = addressOf({ kind: 'Secret', name: this.name, namespace: this.namespace }, provider)
    if (address !== undefined) this.resource.overrideLogicalId(address)
    Annotations.of(this).addWarning(
      `the state of Terraform has the values of Secret ${this.name}: keep it where only few can read it`,
    )
  }

  /**
   * One key of the Secret, for `passwordSecretRef` and the like. What has it in its spec comes after the Secret.
   *
   * @param key which
   */
  public key(key: string): SecretKeyReference {
    if (this.keys.includes(key)) return referenceTo(this, { name: this.name, key })
    throw new Error(`${this.node.path}: has no key "${key}": write one of ${this.keys.join(', ')}, or add it to values`)
  }

  /** The Secret as a whole, for `credentialsSecretRef`. What has it in its spec comes after the Secret. */
  public reference(): ObjectStoreCredentials {
    return referenceTo(this, { name: this.name })
  }

  private refuseNames(): void {
    const { name, keys } = this
    requireArgument(
      this,
      Token.isUnresolved(name) || NAME.test(name),
      `name: "${name}" is no name of a Secret: write lower-case letters, digits, - and ., such as warehouse-login`,
    )
    for (const key of keys) {
      requireArgument(
        this,
        KEY.test(key),
        `values: "${key}" is no key of a Secret: write letters, digits, -, _ and ., such as password`,
      )
    }
  }

  /** Terraform would make one of both, with the values of either. */
  private refuseSecond(): void {
    const { name, namespace, alias } = this
    const isSame = (one: IConstruct) =>
      one instanceof WarehouseSecret &&
      one !== this &&
      one.name === name &&
      one.namespace === namespace &&
      one.alias === alias
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
