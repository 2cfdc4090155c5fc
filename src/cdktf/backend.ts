import { Fn, type IResolvable, type TerraformProvider, type TerraformResource, TerraformStack, Token } from 'cdktf'
import type { Construct } from 'constructs'
import { Manifest as KubectlManifest } from './bindings/kubectl/manifest'
import { manifestWaitToHclTerraform } from './bindings/kubernetes/manifest'
import { SecretV1 } from './bindings/kubernetes/secret-v1'
import { Backend } from './engage-defaults'
import { type ManifestArguments, ManifestResource, type ResourceOptions } from './manifest-resource'
import { formatPath } from './model'
import { escapeTemplates, escapeText, hclText, splitAtTokens } from './template-text'
import { toYamlText } from './yaml-text'

/** A value that is made when the stack is synthesized: as Lazy, which notes the stack of calls and takes its time for it. */
class Later implements IResolvable {
  public readonly creationStack: string[] = []

  constructor(private readonly produce: () => unknown) {}

  public resolve(): unknown {
    return this.produce()
  }

  public toString(): string {
    return Token.asString(this)
  }
}

/** The backend of a construct, where `chosen` is what its props or EngageDefaults say. */
export function backendOf(scope: Construct, chosen: Backend = Backend.KUBERNETES_MANIFEST): Backend {
  const { path, scopes } = scope.node
  const choices = Object.values(Backend)
  if (!choices.includes(chosen)) {
    throw new Error(`${path}: backend: "${chosen}" is none: write one of ${choices.join(', ')}`)
  }
  if (chosen === Backend.YAML || scopes.some(TerraformStack.isStack)) return chosen
  throw new Error(
    `${path}: stands in no stack, and ${chosen} needs one: make it below a TerraformStack, or write Backend.YAML`,
  )
}

/** A manifest for a backend. */
export interface BackendManifest extends ResourceOptions {
  /** The manifest when the stack is synthesized, tokens in it. */
  readonly produce: () => object
  readonly waitForReady: boolean
}

/** The resource that brings a manifest into a cluster; none where it is only written as YAML. */
export function resourceFor(
  backend: Backend,
  scope: Construct,
  { produce, waitForReady, ...options }: BackendManifest,
): TerraformResource | undefined {
  if (waitForReady && backend !== Backend.KUBERNETES_MANIFEST) {
    throw new Error(`${scope.node.path}: only kubernetes_manifest can wait: leave waitForReady out`)
  }
  switch (backend) {
    case Backend.KUBERNETES_MANIFEST: {
      const manifest = Token.asAnyMap(new Later(() => escapeTemplates(produce())))
      const content = { json: { manifest }, hcl: { manifest: { value: manifest, ...HCL.map } } }
      return new ManifestResource(scope, backend, waitForReady ? waiting(content) : content, options)
    }
    case Backend.KUBECTL_MANIFEST: {
      const body = Token.asString(new Later(() => templateYaml(produce())))
      const content = { json: { yaml_body: body }, hcl: { yaml_body: { value: body, ...HCL.text } } }
      return new ManifestResource(scope, backend, content, options)
    }
    case Backend.YAML:
      return undefined
  }
}

/** How HCL has arguments, in the words of bindings. */
const HCL = {
  map: { isBlock: false, type: 'map', storageClassType: 'anyMap' },
  text: { isBlock: false, type: 'simple', storageClassType: 'string' },
  wait: { isBlock: true, type: 'list', storageClassType: 'ManifestWaitList' },
}

/** With the block that has apply wait until the operator says Ready. */
function waiting({ json, hcl }: ManifestArguments): ManifestArguments {
  const wait = { condition: [{ type: 'Ready', status: 'True' }] }
  return {
    json: { ...json, wait },
    hcl: { ...hcl, wait: { value: manifestWaitToHclTerraform(wait), ...HCL.wait } },
  }
}

/** What identifies an object in a cluster. */
interface Identity {
  readonly kind: string
  readonly name: string
  readonly namespace?: string
}

/**
 * The address of an object's resource in the state: of its identity, so that it stays when constructs are renamed or moved.
 * None where Terraform has to find out who it is.
 */
export function addressOf(
  { kind, namespace = 'default', name }: Identity,
  provider: TerraformProvider | undefined,
): string | undefined {
  const identity = [kind.toLowerCase(), namespace, name, provider?.alias].filter((part) => part !== undefined)
  // A dot ends an address, and no name of an object has an underscore.
  return identity.some(Token.isUnresolved) ? undefined : identity.join('_').replace(/\./g, '_')
}

/** A Secret for a backend; its values are tokens. */
export interface BackendSecret {
  readonly name: string
  readonly namespace: string
  readonly values: { [key: string]: string }
  readonly provider?: TerraformProvider
}

/** The resource that brings a Secret into a cluster. */
export function secretFor(backend: Backend, scope: Construct, secret: BackendSecret): TerraformResource {
  const { name, namespace, values, provider } = secret
  switch (backend) {
    case Backend.KUBERNETES_MANIFEST:
      return new SecretV1(scope, 'Resource', { provider, metadata: { name, namespace }, data: values })
    case Backend.KUBECTL_MANIFEST: {
      const data = Object.entries(values).map(([key, value]) => [key, Fn.base64encode(value)])
      const manifest = {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name, namespace },
        data: Object.fromEntries(data),
      }
      return new KubectlManifest(scope, 'Resource', {
        provider,
        yamlBody: templateYaml(manifest),
        sensitiveFields: ['data'],
      })
    }
    case Backend.YAML:
      throw new Error(
        `${scope.node.path}: no Secret is written as YAML: make it in the cluster, and name it by { name, key }`,
      )
  }
}

/** YAML that Terraform fills the tokens in: each as JSON, which is YAML whatever stands in it. */
function templateYaml(manifest: object): string {
  return escapeText(toYamlText(manifest, (value) => (Token.isUnresolved(value) ? jsonOf(value) : undefined)))
}

function jsonOf(value: unknown): string {
  const parts = typeof value === 'string' ? splitAtTokens(value) : []
  if (parts.length < 2) return Token.asString(Fn.jsonencode(value))
  // As expressions of their own, for CDK for Terraform escapes neither quotes nor backslashes beside a token.
  const expressions = parts.map((part) =>
    Token.isUnresolved(part) ? part : Token.asString(new Later(() => hclText(part))),
  )
  return Token.asString(Fn.jsonencode(Fn.join('', expressions)))
}

/** YAML for other tools than Terraform. */
export function plainYaml(manifest: object, place: string): string {
  return toYamlText(manifest, (value, path) => {
    if (!Token.isUnresolved(value)) return undefined
    throw new Error(
      `${place}: ${formatPath(path)}: is known only when Terraform runs (a token): write the value, or use another backend`,
    )
  })
}

/** How the backends name an object in the cluster, to import it. */
export function importId(
  backend: Backend,
  { apiVersion, kind, namespace = 'default', name }: Identity & { readonly apiVersion: string },
): string {
  return backend === Backend.KUBECTL_MANIFEST
    ? `${apiVersion}//${kind}//${name}//${namespace}`
    : `apiVersion=${apiVersion},kind=${kind},namespace=${namespace},name=${name}`
}
