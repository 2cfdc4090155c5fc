import {
  Fn,
  type IResolvable,
  type ITerraformDependable,
  type TerraformProvider,
  type TerraformResource,
  Token,
} from 'cdktf'
import type { Construct } from 'constructs'
import { Manifest as KubectlManifest } from './bindings/kubectl/manifest'
import { Manifest as KubernetesManifest } from './bindings/kubernetes/manifest'
import { SecretV1 } from './bindings/kubernetes/secret-v1'
import { Backend } from './engage-defaults'
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

/** A manifest for a backend. */
export interface BackendManifest {
  /** The manifest when the stack is synthesized, tokens in it. */
  readonly produce: () => object
  readonly provider?: TerraformProvider
  readonly dependsOn?: ITerraformDependable[]
  readonly waitForReady: boolean
}

/** The resource that brings a manifest into a cluster; none where it is only written as YAML. */
export function resourceFor(
  backend: Backend,
  scope: Construct,
  { produce, waitForReady, ...common }: BackendManifest,
): TerraformResource | undefined {
  if (waitForReady && backend !== Backend.KUBERNETES_MANIFEST) {
    throw new Error(`${scope.node.path}: only kubernetes_manifest can wait: leave waitForReady out`)
  }
  switch (backend) {
    case Backend.KUBERNETES_MANIFEST:
      return new KubernetesManifest(scope, 'Resource', {
        ...common,
        manifest: Token.asAnyMap(new Later(() => escapeTemplates(produce()))),
        ...(waitForReady && { wait: { condition: [{ type: 'Ready', status: 'True' }] } }),
      })
    case Backend.KUBECTL_MANIFEST:
      return new KubectlManifest(scope, 'Resource', {
        ...common,
        yamlBody: Token.asString(new Later(() => templateYaml(produce()))),
      })
    case Backend.YAML:
      return undefined
  }
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
  return toYamlText(manifest, (value) => {
    if (!Token.isUnresolved(value)) return undefined
    throw new Error(
      `${place}: has a value that only Terraform knows (a token): write the value, or use another backend`,
    )
  })
}

/** How the backends name an object in the cluster, to import it. */
export function importId(
  backend: Backend,
  object: { readonly apiVersion: string; readonly kind: string; readonly namespace: string; readonly name: string },
): string {
  const { apiVersion, kind, namespace, name } = object
  return backend === Backend.KUBECTL_MANIFEST
    ? `${apiVersion}//${kind}//${name}//${namespace}`
    : `apiVersion=${apiVersion},kind=${kind},namespace=${namespace},name=${name}`
}
