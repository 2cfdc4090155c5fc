import { z } from 'zod'
import { DEFINITIONS } from './kinds.ts'
import { API_VERSION, KINDS, type Kind, resourceName } from './resource.ts'
import type { CelRule } from './rules.ts'

/** A JSON Schema of one of our own schemas, with what Kubernetes adds; every field with its description. */
export interface JsonSchema {
  type?: string
  description?: string
  format?: string
  default?: unknown
  const?: unknown
  enum?: unknown[]
  pattern?: string
  minLength?: number
  maxLength?: number
  minimum?: number
  maximum?: number
  minItems?: number
  maxItems?: number
  maxProperties?: number
  properties?: Record<string, JsonSchema>
  required?: string[]
  additionalProperties?: JsonSchema | false
  items?: JsonSchema
  'x-kubernetes-list-type'?: 'map' | 'set' | 'atomic'
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-preserve-unknown-fields'?: true
  'x-kubernetes-validations'?: CelRule[]
}

/** The schema of what people write: fields with a default are not required. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema, definitions, ...root } = z.toJSONSchema(schema, {
    target: 'draft-7',
    io: 'input',
    override: ({ jsonSchema }) => tidy(jsonSchema),
  })
  return root as JsonSchema // zod's type has every keyword of every draft; these are all that our schemas make.
}

/** Takes out what zod adds of its own: the limits of exact integers, names of map keys, and the recursion of free JSON. */
function tidy(node: z.core.JSONSchema.BaseSchema): void {
  if (node.minimum === Number.MIN_SAFE_INTEGER) delete node.minimum
  if (node.maximum === Number.MAX_SAFE_INTEGER) delete node.maximum
  delete node.propertyNames
  if (node['x-kubernetes-preserve-unknown-fields']) delete node.additionalProperties
}

/** The schema with `change` applied to every node, leaves first. */
export function mapSchema(node: JsonSchema, change: (node: JsonSchema) => JsonSchema): JsonSchema {
  const inner = (child: JsonSchema) => mapSchema(child, change)
  return change({
    ...node,
    ...(node.properties && {
      properties: Object.fromEntries(Object.entries(node.properties).map(([name, child]) => [name, inner(child)])),
    }),
    ...(node.additionalProperties && { additionalProperties: inner(node.additionalProperties) }),
    ...(node.items && { items: inner(node.items) }),
  })
}

const DRAFT = 'http://json-schema.org/draft-07/schema#'

/** The JSON Schema of whole manifests of one kind, for editors. */
export function editorSchema(kind: Kind): JsonSchema & { $schema: string } {
  return { $schema: DRAFT, ...manifestSchema(kind) }
}

/** The JSON Schema of manifests of any kind, for editors. */
export function editorSchemaOfAll() {
  return {
    $schema: DRAFT,
    definitions: Object.fromEntries(KINDS.map((kind) => [kind, manifestSchema(kind)])),
    oneOf: KINDS.map((kind) => ({ $ref: `#/definitions/${kind}` })),
  }
}

function manifestSchema(kind: Kind): JsonSchema {
  const { spec, description } = DEFINITIONS[kind]
  return {
    type: 'object',
    description,
    required: ['apiVersion', 'kind', 'metadata', 'spec'],
    additionalProperties: false,
    properties: {
      apiVersion: { type: 'string', const: API_VERSION, description: 'Group and version of the resource.' },
      kind: { type: 'string', const: kind, description: 'Kind of the resource.' },
      metadata: {
        type: 'object',
        description: 'Name, namespace, labels and annotations.',
        required: ['name'],
        properties: {
          name: { ...jsonSchemaOf(resourceName), description: 'Name of the resource.' },
          namespace: { ...jsonSchemaOf(resourceName), description: 'Namespace. Default: default.' },
        },
      },
      spec: mapSchema(jsonSchemaOf(spec), plain),
      status: { type: 'object', description: 'What EngageOps found; it is not read from manifests.' },
    },
  }
}

/** Without what only Kubernetes reads. */
function plain(node: JsonSchema): JsonSchema {
  const entries = Object.entries(node).filter(([keyword]) => !keyword.startsWith('x-kubernetes-'))
  return Object.fromEntries(entries)
}
