import { Annotations, type TerraformResource, TerraformStack, Token } from 'cdktf'
import { Construct, type IConstruct } from 'constructs'
import { addressOf, backendOf, importId, resourceFor } from './backend'
import { surprisesOf } from './backend-warnings'
import { type Backend, EngageDefaults } from './engage-defaults'
import type { EngageManifestProps } from './engage-manifest-props'
import { KubeName } from './kube-name'
import { API_VERSION, type Reading, read } from './model'
import { compact, containsToken, isSame, merged, setAt } from './plain-data'
import { secretsIn } from './secret-references'
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
  private reading?: { readonly declared: object; readonly result: Reading }

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
    this.backend = backendOf(this, props.backend ?? defaults.backend)
    this.metadata = {
      name: this.name,
      namespace: this.namespace,
      labels: merged([defaults.labels, props.labels]),
      annotations: merged([props.annotations]),
    }
    this._validate()
    this.resource = resourceFor(this.backend, this, {
      produce: () => this.toManifest(),
      provider,
      ...(props.dependsOn?.length && { dependsOn: props.dependsOn }),
      waitForReady: props.waitForReady ?? false,
    })
    const address = addressOf(this, provider)
    if (address !== undefined) this.resource?.overrideLogicalId(address)
    for (const secret of secretsIn(this.spec)) {
      this.requireNamespaceOf(secret)
      this.comeAfter(secret, secret.resource)
    }
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
    return this.manifestOf(this.spec)
  }

  private manifestOf(spec: object): { [key: string]: any } {
    return compact({ apiVersion: API_VERSION, kind: this.kind, metadata: this.metadata, spec })
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
    if (other.resource) this.comeAfter(other, other.resource)
  }

  private comeAfter(other: IConstruct, { terraformResourceType, friendlyUniqueId }: TerraformResource): void {
    if (!this.resource) return
    const [mine, its] = [TerraformStack.of(this), TerraformStack.of(other)]
    if (mine === its) {
      this.resource.dependsOn = [...(this.resource.dependsOn ?? []), `${terraformResourceType}.${friendlyUniqueId}`]
      return
    }
    const [here, there] = [mine.node.path, its.node.path]
    if (its.dependsOn(mine)) {
      const problem = `refers to ${other.node.path}, and stack ${there} comes after stack ${here}: make it in ${there}`
      const how = ', with new Activation(scope, id, { destination, ... }) instead of destination.activate'
      throw new Error(this._describe(this.kind === 'Activation' ? problem + how : problem))
    }
    mine.addDependency(its)
  }

  /**
   * Makes what the manifest refers to come first, where it is of this app. References stay in one namespace.
   *
   * @internal
   */
  public _referTo(other: Referable): void {
    const { defaultChild } = other.node
    if (defaultChild instanceof EngageManifest) this.dependOn(defaultChild)
    this.requireNamespaceOf(other)
  }

  private requireNamespaceOf(other: Referable): void {
    const [mine, its] = [this.namespace ?? 'default', other.namespace ?? 'default']
    if (mine === its || containsToken([mine, its])) return
    throw new Error(
      this._describe(
        `is in namespace ${mine} and refers to ${other.node.path} in ${its}: write one namespace for both`,
      ),
    )
  }

  /** Takes the resource over from the cluster, where kubectl made it, instead of making it anew. */
  public importFromCluster(): void {
    const resource = this.terraformResource('import')
    const { kind, name, namespace } = this
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

  /**
   * Throws where the manifest is not valid on its own.
   *
   * @internal
   */
  public _validate(): void {
    const { problems } = this._read()
    if (problems.length > 0) throw new Error(problems.map((problem) => this._describe(problem)).join('\n'))
  }

  /**
   * Validates where a part of the spec shows something: what was just added to it, with what that depends on. To read the rest
   * with each addition would take a time that is the square of theirs; synthesis reads it all.
   *
   * @internal
   */
  public _validateAddition(part: object): void {
    const { problems, warnings } = read(this.manifestOf(part), Token.isUnresolved)
    if (problems.length > 0 || warnings.some((warning) => !this.warned.has(warning))) this._validate()
  }

  /**
   * The manifest as the model reads it; once for as long as it stays the same. Of what is valid and may not be meant there is a
   * warning, once.
   *
   * @internal
   */
  public _read(): Reading {
    const declared = this._declared()
    if (this.reading && isSame(this.reading.declared, declared)) return this.reading.result
    const result = read(declared, Token.isUnresolved)
    this.reading = { declared, result }
    const surprises = result.problems.length > 0 ? [] : surprisesOf(this.backend, this.kind, declared.spec)
    for (const warning of [...result.warnings, ...surprises]) {
      if (!this.warned.has(warning)) Annotations.of(this).addWarning(warning)
      this.warned.add(warning)
    }
    return result
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
