import { Cluster } from './cluster.ts'
import { namespace, secret } from './core.ts'
import { diagnosticOf, ProviderError, pathFields, warning } from './errors.ts'
import { manifest, readObject } from './manifest.ts'
import type { Provider } from './protocol.ts'
import type { Resource } from './resource.ts'
import { attributesOf, providerSchema } from './schema.ts'
import { decodeState, encodeState, type State } from './values.ts'

const RESOURCES = new Map<string, Resource>([
  ['kubernetes_manifest', manifest],
  ['kubernetes_namespace_v1', namespace],
  ['kubernetes_secret_v1', secret],
])

/** hashicorp/kubernetes, as far as the constructs use it: the same schema, and the same behaviour towards Terraform. */
export function kubernetesProvider(): Provider {
  let configuration: State = {}
  let cluster: Cluster | undefined
  /** Only when a resource asks: plans of unknown providers are allowed. */
  const connected = (): Cluster => {
    cluster ??= new Cluster(configuration)
    return cluster
  }

  return {
    GetSchema: async () => providerSchema(),
    PrepareProviderConfig: async ({ config }) => ({ ...(config && { prepared_config: config }) }),
    ValidateDataSourceConfig: async () => ({}),
    Stop: async () => ({}),

    Configure: ({ config }) =>
      answer(async () => {
        configuration = decodeState(config?.msgpack, NONE) ?? {}
        return {}
      }),

    ValidateResourceTypeConfig: ({ type_name, config }) =>
      answer(async () => {
        const { resource, decode } = resourceOf(type_name)
        resource.validate(decode(config) ?? {})
        return {}
      }),

    // There is one version of the schema: the state is as it was.
    UpgradeResourceState: ({ raw_state }) =>
      answer(async () => ({ ...(raw_state?.json && { upgraded_state: { json: raw_state.json } }) })),

    ReadResource: ({ type_name, current_state }) =>
      answer(async () => {
        const { resource, decode } = resourceOf(type_name)
        const state = decode(current_state)
        return { new_state: encodeState(state && (await resource.read(connected(), state))) }
      }),

    PlanResourceChange: ({ type_name, prior_state, proposed_new_state }) =>
      answer(async () => {
        const { resource, decode, writeOnly } = resourceOf(type_name)
        const proposed = decode(proposed_new_state)
        if (proposed === null) return { planned_state: encodeState(null) }
        for (const name of writeOnly) proposed[name] = null
        const { state, replace } = await resource.plan(connected(), decode(prior_state), proposed)
        return {
          planned_state: encodeState(state),
          requires_replace: replace.map(pathFields),
          legacy_type_system: resource.legacy,
        }
      }),

    ApplyResourceChange: ({ type_name, prior_state, planned_state, config }) =>
      answer(async () => {
        const { resource, decode } = resourceOf(type_name)
        const prior = decode(prior_state)
        const planned = decode(planned_state)
        if (planned === null) {
          if (prior !== null) await resource.delete(connected(), prior)
          return { new_state: encodeState(null) }
        }
        const state = await resource.apply(connected(), prior, planned, decode(config) ?? {})
        return { new_state: encodeState(state), legacy_type_system: resource.legacy }
      }),

    ImportResourceState: ({ type_name = '', id = '' }) =>
      answer(async () => {
        const { resource, attributes } = resourceOf(type_name)
        const none = Object.fromEntries([...attributes].map((name) => [name, null]))
        const state = encodeState({ ...none, ...BLOCKS.get(type_name), ...(await resource.import(connected(), id)) })
        const imported = { imported_resources: [{ type_name, state }] }
        if (resource.legacy) return imported
        const detail = 'Please run apply after a successful import to realign the resource state to the configuration.'
        return { ...imported, diagnostics: [warning("Apply needed after 'import'", detail)] }
      }),

    ReadDataSource: ({ config }) =>
      answer(async () => ({
        state: encodeState(await readObject(connected(), decodeState(config?.msgpack, OBJECT) ?? {})),
      })),
  }
}

const NONE: ReadonlySet<string> = new Set()
const OBJECT: ReadonlySet<string> = new Set(['object'])
/** Blocks of resources that were imported: nothing was said of them. */
const BLOCKS = new Map([
  ['kubernetes_namespace_v1', { timeouts: null }],
  ['kubernetes_secret_v1', { timeouts: null }],
])

function resourceOf(type = '') {
  const resource = RESOURCES.get(type)
  if (resource === undefined) throw new ProviderError('Invalid resource type', type)
  const dynamic = attributesOf(type, (attribute) => attribute.type === 'dynamic')
  return {
    resource,
    attributes: attributesOf(type, () => true),
    writeOnly: attributesOf(type, (attribute) => attribute.write_only === true),
    decode: (value: { msgpack?: Uint8Array } | undefined) => decodeState(value?.msgpack, dynamic),
  }
}

/** What goes wrong is an answer too. */
async function answer<T extends object>(
  work: () => Promise<T>,
): Promise<T | { diagnostics: [ReturnType<typeof diagnosticOf>] }> {
  try {
    return await work()
  } catch (error) {
    return { diagnostics: [diagnosticOf(error)] }
  }
}
