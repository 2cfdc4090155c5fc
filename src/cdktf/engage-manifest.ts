import { Annotations, type TerraformProvider, type TerraformResource, TerraformStack, Token } from 'cdktf'
import { Construct, type IConstruct } from 'constructs'
import { importId, resourceFor } from './backend'
import { Backend, EngageDefaults } from './engage-defaults'
import type { EngageManifestProps } from './engage-manifest-props'
import { KubeName } from './kube-name'
import { API_VERSION, type Reading, read } from './model'
import { compact, containsToken, nonEmpty, setAt } from './plain-data'
import { StatusSource } from './status-source'
import { checkTreeWith } from './tree-check'

/** What a manifest can refer to. */
interface Referable extends IConstruct {
  readonly namespace?: string
}

/** The manifest of one resource of EngageOps, and the Terraform resource that brings it into a cluster. */
export class EngageManifest extends Construct {
  /**
   * Whether a construct is a manifest.
   *
   * @param construct any construct
   */
  public static isEngageManifest(construct: IConstruct): construct is EngageManifest {
    return construct instanceof EngageManifest
  }

  /** Kind of the resource. */
  public readonly kind: string
  /** Name of the resource in the cluster. */
  public readonly name: string
  /** Namespace of the resource; undefined where none is written. */
  public readonly namespace?: string
  /** How the manifest gets into the cluster. */
  public readonly backend: Backend
  /** The Terraform resource; undefined where the backend is YAML. */
  public readonly resource?: TerraformResource

  /**
   * The manifests that this one refers to.
   *
   * @internal
   */
  public readonly _references: EngageManifest[] = []
  private readonly metadata: object
  private readonly overrides: { readonly path: string[]; readonly value: any }[] = []
  private readonly warned = new Set<string>()
  private status?: StatusSource
  private reading?: { readonly text: string; readonly result: Reading }

  /**
   * @param scope where it stands
   * @param id its id there
   * @param kind the kind of the resource
   * @param spec what it declares; what is added to it later counts too
   * @param props what it has beside the spec
   */
  constructor(
    scope: Construct,
    id: string,
    kind: string,
    private readonly spec: any,
    props: EngageManifestProps,
  ) {
    super(scope, id)
    const defaults = EngageDefaults.of(this)
    const provider = props.provider ?? defaults.provider
    this.kind = kind
    this.name = props.name ?? KubeName.of(this)
    this.namespace = props.namespace ?? defaults.namespace
    this.backend = props.backend ?? defaults.backend ?? Backend.KUBERNETES_MANIFEST
    this.metadata = {
      name: this.name,
      namespace: this.namespace,
      labels: nonEmpty({ ...defaults.labels, ...props.labels }),
      annotations: nonEmpty({ ...props.annotations }),
    }
    this._validate()
    this.resource = resourceFor(this.backend, this, {
      produce: () => this.toManifest(),
      provider,
      ...(props.dependsOn?.length && { dependsOn: props.dependsOn }),
      waitForReady: props.waitForReady ?? false,
    })
    const address = this.addressOf(provider)
    if (!Token.isUnresolved(address)) this.resource?.overrideLogicalId(address)
    checkTreeWith(this, provider)
  }

  /** The manifest as plain data, with overrides; values that only Terraform knows are tokens. */
  public toManifest(): { [key: string]: any } {
    const manifest = this._declared()
    for (const { path, value } of this.overrides) setAt(manifest, path, value)
    return manifest
  }

  /**
   * The manifest before overrides: what is validated.
   *
   * @internal
   */
  public _declared(): { [key: string]: any } {
    return compact({ apiVersion: API_VERSION, kind: this.kind, metadata: this.metadata, spec: this.spec })
  }

  /**
   * Sets a field of the manifest, whatever the props say. It is not validated.
   *
   * @param path the fields to it with dots, such as `spec.sync.suspend`; numbers are places in lists
   * @param value the value; undefined takes the field out
   */
  public addOverride(path: string, value: any): void {
    this.overrides.push({ path: path.split('.'), value })
  }

  /**
   * Makes Terraform bring another manifest into the cluster first, and take it away last.
   *
   * @param other the manifest; of another stack, the whole stack comes first
   */
  public dependOn(other: EngageManifest): void {
    this._references.push(other)
    if (!this.resource || !other.resource) return
    const [mine, its] = [TerraformStack.of(this), TerraformStack.of(other)]
    if (mine !== its) mine.addDependency(its)
    else
      this.resource.dependsOn = [
        ...(this.resource.dependsOn ?? []),
        `${other.resource.terraformResourceType}.${other.resource.friendlyUniqueId}`,
      ]
  }

  /**
   * Makes what the manifest refers to come first, where it is of this app. References stay in one namespace.
   *
   * @internal
   */
  public _referTo(other: Referable): void {
    const { defaultChild } = other.node
    if (defaultChild instanceof EngageManifest) this.dependOn(defaultChild)
    const [mine, its] = [this.namespace ?? 'default', other.namespace ?? 'default']
    if (mine === its || containsToken([mine, its])) return
    throw new Error(
      `${this.node.path}: ${this.kind}/${this.name}: is in namespace ${mine} and refers to ${other.node.path} in ${its}: write one namespace for both`,
    )
  }

  /** Takes the resource over from the cluster, where kubectl made it, instead of making it anew. */
  public importFromCluster(): void {
    const resource = this.terraformResource('import')
    const { kind, name, namespace = 'default' } = this
    resource.importFrom(importId(this.backend, { apiVersion: API_VERSION, kind, name, namespace }))
  }

  /**
   * Says that the resource was at another address of the state until now.
   *
   * @param address the address, such as `kubernetes_manifest.vip`
   */
  public movedFrom(address: string): void {
    this.terraformResource('move').moveFromId(address)
  }

  /**
   * A field of the status, as a token: what the operator found by the time Terraform applies. It is read through the data
   * source `kubernetes_resource`, for no resource has it: with every backend the stack needs the provider of
   * hashicorp/kubernetes.
   *
   * @param path the field, such as `schema`, `lastSync.end` or `tables[0].name`; the token is empty text as long as it is not there
   */
  public statusAttribute(path: string): string {
    return this.statusSource().attribute(path)
  }

  /**
   * The status of a condition, as a token: `True`, `False`, `Unknown`, or empty text as long as there is none.
   *
   * @param type the condition, such as `Ready`
   */
  public conditionStatus(type: string): string {
    return this.statusSource().condition(type)
  }

  private statusSource(): StatusSource {
    this.status = this.status ?? new StatusSource(this, this.terraformResource('read'))
    return this.status
  }

  private terraformResource(what: string): TerraformResource {
    if (this.resource) return this.resource
    throw new Error(`${this.node.path}: there is nothing to ${what}: the backend is YAML, which has no state`)
  }

  /** The identity of the object, so that the address stays when constructs are renamed or moved. */
  private addressOf(provider?: TerraformProvider): string {
    const identity = [this.kind.toLowerCase(), this.namespace ?? 'default', this.name, provider?.alias]
    return identity.filter((part) => part !== undefined).join('_')
  }

  /**
   * Throws where the manifest is not valid on its own, and warns once of what may not be meant.
   *
   * @internal
   */
  public _validate(): void {
    const { problems, warnings } = this._read()
    if (problems.length > 0) throw new Error(problems.map((problem) => this._describe(problem)).join('\n'))
    for (const warning of warnings) {
      if (!this.warned.has(warning)) Annotations.of(this).addWarning(warning)
      this.warned.add(warning)
    }
  }

  /**
   * The manifest as the model reads it; once for as long as it stays the same.
   *
   * @internal
   */
  public _read(): Reading {
    const declared = this._declared()
    const text = JSON.stringify(declared)
    if (this.reading?.text !== text) this.reading = { text, result: read(declared, Token.isUnresolved) }
    return this.reading.result
  }

  /**
   * A problem, and where it is.
   *
   * @internal
   */
  public _describe(problem: string): string {
    return `${this.node.path}: ${this.kind}/${this.name}: ${problem}`
  }
}
