// Version 5 of Terraform's protocol for providers, as far as this provider speaks it.
import { decode, encode, type Fields, field, type Message, repeated } from './protobuf.ts'

export const PROTOCOL_VERSION = 5

const DynamicValue = { msgpack: field(1, 'bytes'), json: field(2, 'bytes') }

const AttributePath = {
  steps: repeated(1, { attribute_name: field(1, 'string'), element_key_int: field(3, 'int') }),
}

const Diagnostic = {
  severity: field(1, 'int'),
  summary: field(2, 'string'),
  detail: field(3, 'string'),
  attribute: field(4, AttributePath),
}

const Attribute = {
  name: field(1, 'string'),
  type: field(2, 'bytes'),
  description: field(3, 'string'),
  required: field(4, 'bool'),
  optional: field(5, 'bool'),
  computed: field(6, 'bool'),
  sensitive: field(7, 'bool'),
  deprecated: field(9, 'bool'),
  write_only: field(10, 'bool'),
}

const Leaf = {
  version: field(1, 'int'),
  attributes: repeated(2, Attribute),
  description: field(4, 'string'),
}

const nested = <B extends Message>(block: B) => ({
  type_name: field(1, 'string'),
  block: field(2, block),
  nesting: field(3, 'int'),
  min_items: field(4, 'int'),
  max_items: field(5, 'int'),
})

/** A block may hold blocks that hold blocks: deeper it does not go here. */
const Inner = { ...Leaf, block_types: repeated(3, nested(Leaf)) }
const Block = { ...Leaf, block_types: repeated(3, nested(Inner)) }
const Schema = { version: field(1, 'int'), block: field(2, Block) }

const diagnostics = (number: number) => ({ diagnostics: repeated(number, Diagnostic) })
const config = { config: field(1, DynamicValue) }
const resourceConfig = { type_name: field(1, 'string'), config: field(2, DynamicValue) }

/** Request and response of each call, by its name. */
const CALLS = {
  GetSchema: [
    {},
    {
      provider: field(1, Schema),
      resource_schemas: repeated(2, { key: field(1, 'string'), value: field(2, Schema) }),
      data_source_schemas: repeated(3, { key: field(1, 'string'), value: field(2, Schema) }),
      ...diagnostics(4),
    },
  ],
  PrepareProviderConfig: [config, { prepared_config: field(1, DynamicValue), ...diagnostics(2) }],
  ValidateResourceTypeConfig: [resourceConfig, diagnostics(1)],
  ValidateDataSourceConfig: [resourceConfig, diagnostics(1)],
  UpgradeResourceState: [
    { type_name: field(1, 'string'), raw_state: field(3, { json: field(1, 'bytes') }) },
    { upgraded_state: field(1, DynamicValue), ...diagnostics(2) },
  ],
  Configure: [{ config: field(2, DynamicValue) }, diagnostics(1)],
  ReadResource: [
    { type_name: field(1, 'string'), current_state: field(2, DynamicValue) },
    { new_state: field(1, DynamicValue), ...diagnostics(2) },
  ],
  PlanResourceChange: [
    {
      type_name: field(1, 'string'),
      prior_state: field(2, DynamicValue),
      proposed_new_state: field(3, DynamicValue),
      config: field(4, DynamicValue),
    },
    {
      planned_state: field(1, DynamicValue),
      requires_replace: repeated(2, AttributePath),
      ...diagnostics(4),
      legacy_type_system: field(5, 'bool'),
    },
  ],
  ApplyResourceChange: [
    {
      type_name: field(1, 'string'),
      prior_state: field(2, DynamicValue),
      planned_state: field(3, DynamicValue),
      config: field(4, DynamicValue),
    },
    { new_state: field(1, DynamicValue), ...diagnostics(3), legacy_type_system: field(4, 'bool') },
  ],
  ImportResourceState: [
    { type_name: field(1, 'string'), id: field(2, 'string') },
    {
      imported_resources: repeated(1, { type_name: field(1, 'string'), state: field(2, DynamicValue) }),
      ...diagnostics(2),
    },
  ],
  ReadDataSource: [resourceConfig, { state: field(1, DynamicValue), ...diagnostics(2) }],
  Stop: [{}, { Error: field(1, 'string') }],
} as const satisfies Record<string, readonly [Message, Message]>

type Call = keyof typeof CALLS

export type Request<C extends Call> = Fields<(typeof CALLS)[C][0]>
export type Response<C extends Call> = Fields<(typeof CALLS)[C][1]>

/** What a provider answers. */
export type Provider = { [C in Call]: (request: Request<C>) => Promise<Response<C>> }

/** A call as it goes over the wire. */
export type WireCall = (request: Uint8Array) => Promise<Uint8Array>

export function wireCalls(provider: Provider): Record<Call, WireCall> {
  const wire =
    <C extends Call>(call: C): WireCall =>
    async (request) => {
      const [Request, Response] = CALLS[call]
      return encode(Response, await provider[call](decode(Request, request)))
    }
  return {
    GetSchema: wire('GetSchema'),
    PrepareProviderConfig: wire('PrepareProviderConfig'),
    ValidateResourceTypeConfig: wire('ValidateResourceTypeConfig'),
    ValidateDataSourceConfig: wire('ValidateDataSourceConfig'),
    UpgradeResourceState: wire('UpgradeResourceState'),
    Configure: wire('Configure'),
    ReadResource: wire('ReadResource'),
    PlanResourceChange: wire('PlanResourceChange'),
    ApplyResourceChange: wire('ApplyResourceChange'),
    ImportResourceState: wire('ImportResourceState'),
    ReadDataSource: wire('ReadDataSource'),
    Stop: wire('Stop'),
  }
}

export type BlockFields = Fields<typeof Block>
export type PathFields = Fields<typeof AttributePath>
export type DiagnosticFields = Fields<typeof Diagnostic>
