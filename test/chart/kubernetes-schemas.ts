import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** The module that pins the Kubernetes of the tests; its source has the API's own description. */
const PINNED_BY = path.join(import.meta.dirname, '../kubernetes/binary')

interface Schema {
  $ref?: string
  type?: string
  format?: string
  properties?: Record<string, Schema>
  items?: Schema
  additionalProperties?: Schema | false
  anyOf?: Schema[]
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}
type Definitions = Record<string, Schema>

const REF = '#/definitions/'

/**
 * Writes JSON schemas of Kubernetes' own kinds (`apiVersion/kind`) into a folder, under the names that kubeconform looks
 * for with `{{.ResourceKind}}{{.KindSuffix}}.json`. Fields that Kubernetes does not know are refused.
 */
export function writeKubernetesSchemas(kinds: Iterable<string>, folder: string): void {
  const definitions = strictDefinitions()
  for (const kind of kinds) {
    const name = Object.keys(definitions).find((candidate) => isOf(definitions[candidate], kind))
    if (name === undefined) throw new Error(`Kubernetes has no ${kind}`)
    const schema = { $ref: REF + name, definitions: reachable(name, definitions) }
    writeFileSync(path.join(folder, fileName(kind)), JSON.stringify(schema))
  }
}

function strictDefinitions(): Definitions {
  const module = execFileSync('go', ['mod', 'download', '-json', 'k8s.io/kubernetes'], { cwd: PINNED_BY })
  const { Dir }: { Dir: string } = JSON.parse(module.toString())
  const openApi: { definitions: Definitions } = JSON.parse(
    readFileSync(path.join(Dir, 'api/openapi-spec/swagger.json'), 'utf8'),
  )
  const strictOnes = Object.entries(openApi.definitions).map(([name, schema]) => [name, strict(schema)])
  // A quantity may be written as a number.
  const quantity = { anyOf: [{ type: 'string' }, { type: 'number' }] }
  return { ...Object.fromEntries(strictOnes), 'io.k8s.apimachinery.pkg.api.resource.Quantity': quantity }
}

function strict(schema: Schema): Schema {
  if (schema.format === 'int-or-string') return { anyOf: [{ type: 'string' }, { type: 'integer' }] }
  const { properties, items, additionalProperties } = schema
  return {
    ...schema,
    ...(properties ? { properties: mapValues(properties, strict), additionalProperties: false } : {}),
    ...(items ? { items: strict(items) } : {}),
    ...(additionalProperties ? { additionalProperties: strict(additionalProperties) } : {}),
  }
}

function reachable(name: string, definitions: Definitions, found: Definitions = {}): Definitions {
  const definition = definitions[name]
  if (!definition || found[name]) return found
  found[name] = definition
  for (const [, next] of JSON.stringify(definition).matchAll(/"\$ref":"#\/definitions\/([^"]+)"/g)) {
    if (next !== undefined) reachable(next, definitions, found)
  }
  return found
}

const isOf = (schema: Schema | undefined, wanted: string): boolean =>
  (schema?.['x-kubernetes-group-version-kind'] ?? []).some(
    ({ group, version, kind }) => `${group === '' ? '' : `${group}/`}${version}/${kind}` === wanted,
  )

function fileName(wanted: string): string {
  const parts = wanted.toLowerCase().split('/')
  const kind = parts.pop()
  const [group = '', ...version] = parts
  return `${[kind, group.split('.')[0], ...version].join('-')}.json`
}

const mapValues = <A, B>(record: Record<string, A>, change: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]))
