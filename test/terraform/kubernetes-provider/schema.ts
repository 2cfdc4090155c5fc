import schemas from '../../../src/cdktf/bindings/kubernetes.schema.json' with { type: 'json' }
import type { BlockFields, Response } from './protocol.ts'
import type { Json } from './values.ts'

interface Attribute {
  type: Json
  description?: string
  required?: boolean
  optional?: boolean
  computed?: boolean
  sensitive?: boolean
  deprecated?: boolean
  write_only?: boolean
}

interface Block {
  description?: string
  attributes?: Record<string, Attribute>
  block_types?: Record<string, { nesting_mode: string; min_items?: number; max_items?: number; block: Block }>
}

interface Schema {
  version: number
  block: Block
}

interface Provider {
  provider: Schema
  resource_schemas: Record<string, Schema>
  data_source_schemas: Record<string, Schema>
}

const { provider, resource_schemas, data_source_schemas }: Provider =
  schemas.provider_schemas['registry.terraform.io/hashicorp/kubernetes']

/** The schemas that the constructs are generated from, as Terraform asks for them: it refuses what they do not allow. */
export function providerSchema(): Response<'GetSchema'> {
  return {
    provider: schemaOf(provider),
    resource_schemas: schemasOf(resource_schemas),
    data_source_schemas: schemasOf(data_source_schemas),
  }
}

/** Attributes of a resource or data source, of which it says something. */
export function attributesOf(type: string, which: (attribute: Attribute) => boolean): ReadonlySet<string> {
  const { attributes = {} } = (resource_schemas[type] ?? data_source_schemas[type])?.block ?? {}
  return new Set(Object.keys(attributes).filter((name) => attributes[name] !== undefined && which(attributes[name])))
}

const schemasOf = (schemas: Record<string, Schema>) =>
  Object.entries(schemas).map(([key, schema]) => ({ key, value: schemaOf(schema) }))

const schemaOf = ({ version, block }: Schema) => ({ version, block: blockOf(block) })

const NESTING = new Map([
  ['single', 1],
  ['list', 2],
])

function blockOf({ description = '', attributes = {}, block_types = {} }: Block): BlockFields {
  return {
    description,
    attributes: Object.entries(attributes).map(([name, { type, ...rest }]) => ({
      name,
      type: Buffer.from(JSON.stringify(type)),
      ...rest,
    })),
    block_types: Object.entries(block_types).map(([type_name, { nesting_mode, block, ...rest }]) => ({
      type_name,
      nesting: NESTING.get(nesting_mode) ?? 0,
      block: blockOf(block),
      ...rest,
    })),
  }
}
