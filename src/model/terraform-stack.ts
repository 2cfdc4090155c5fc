import type { ManifestError, Note } from './load.ts'
import type { ManifestFile } from './manifest-files.ts'
import { type FieldPath, formatPath } from './problems.ts'
import { type Fields, isFields } from './rules.ts'
import { readYaml } from './yaml-documents.ts'

/** The manifests that a synthesized stack would bring into a cluster. */
export interface StackManifests {
  manifests: unknown[]
  notes: Note[]
  errors: ManifestError[]
}

/** Resources of Terraform that carry a manifest, and the argument that it is. */
const CARRIERS = { kubernetes_manifest: 'manifest', kubectl_manifest: 'yaml_body' } as const

/** Reads the manifests of a stack, as CDK for Terraform and Terraform itself write it in JSON (`cdk.tf.json`). */
export function manifestsOfStack({ file, text }: ManifestFile): StackManifests {
  const stack = parseJson(text)
  if (!isFields(stack)) {
    const message = 'is no Terraform stack in JSON: name the cdk.tf.json that synthesis wrote'
    return { manifests: [], notes: [], errors: [{ file, message }] }
  }
  const found: StackManifests = { manifests: [], notes: [], errors: [] }
  for (const [type, argument] of Object.entries(CARRIERS)) {
    for (const [name, resource] of Object.entries(fieldsOf(fieldsOf(stack.resource)[type]))) {
      readCarrier(found, { file, name: `${type}.${name}` }, argument, fieldsOf(resource)[argument])
    }
  }
  return found
}

function readCarrier(
  { manifests, notes, errors }: StackManifests,
  place: { file: string; name: string },
  argument: string,
  value: unknown,
): void {
  const manifest = typeof value === 'string' ? readYaml(value).documents[0]?.value : value
  if (fieldsOf(manifest).kind === 'Secret') {
    notes.push({
      file: place.file,
      line: 1,
      message: `${place.name}: a Secret does not belong into files and is left out`,
    })
    return
  }
  const unknown = isFields(manifest) ? expressionsIn(manifest) : [[]]
  for (const path of unknown) {
    const message = 'is known only when Terraform runs: write the value itself in the stack'
    errors.push({ ...place, path: formatPath([argument, ...path]), message })
  }
  if (unknown.length === 0) manifests.push(unescaped(manifest))
}

/** What opens an expression, or a directive; doubled, the character before the brace stands for itself. */
const OPENS = /(?<!\$)\$\{|(?<!%)%\{/

function expressionsIn(value: unknown, path: FieldPath = []): FieldPath[] {
  if (typeof value === 'string') return OPENS.test(value) ? [path] : []
  if (Array.isArray(value)) return value.flatMap((item, index) => expressionsIn(item, [...path, index]))
  return Object.entries(fieldsOf(value)).flatMap(([key, item]) => expressionsIn(item, [...path, key]))
}

function unescaped(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('$${', '${').replaceAll('%%{', '%{')
  if (Array.isArray(value)) return value.map(unescaped)
  if (!isFields(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [String(unescaped(key)), unescaped(item)]))
}

const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {})

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
