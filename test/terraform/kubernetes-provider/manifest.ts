// The resource kubernetes_manifest.
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject, ResourceType } from '../../../src/kube/object.ts'
import { type Cluster, until, type Whole } from './cluster.ts'
import { ProviderError } from './errors.ts'
import type { Planned, Resource } from './resource.ts'
import { at, Dynamic, isMap, type Json, known, maps, type State, typeOf as typeOfValue, UNKNOWN } from './values.ts'

const SECONDS = 600

export const manifest: Resource = {
  legacy: false,

  validate(config: State): void {
    const { manifest } = config
    if (!(manifest instanceof Dynamic) || !isMap(manifest.value)) return
    for (const key of ['apiVersion', 'kind', 'metadata']) {
      if (!(key in manifest.value)) {
        const detail = `'${key}' attribute key is missing from manifest configuration`
        throw new ProviderError('Attribute key missing from "manifest" value', detail, ['manifest', key])
      }
    }
    if ('status' in manifest.value) {
      const detail = "'status' attribute key is not allowed in manifest configuration"
      throw new ProviderError('Forbidden attribute key in "manifest" value', detail, ['manifest', 'status'])
    }
    const [wait] = maps(config.wait)
    const waiters = Object.keys(wait ?? {}).filter((key) => !isEmpty(wait?.[key]))
    if (waiters.length > 1) {
      throw new ProviderError('Invalid wait configuration', `You may only set one of ${waiters}.`, ['wait'])
    }
  },

  async plan(cluster: Cluster, prior: State | null, proposed: State): Promise<Planned> {
    const wanted = known(proposed.manifest ?? null)
    if (wanted === undefined) return { state: { ...proposed, object: UNKNOWN }, replace: [] }
    const object = objectOf(wanted)
    const type = await typeOf(cluster, object)
    const before = prior && objectOf(known(prior.object ?? null))
    if (prior !== null && before !== null) {
      const sameWish = isDeepStrictEqual(known(prior.manifest ?? null), wanted)
      if (sameWish && differences(before, wanted, computedFields(proposed)).length === 0) {
        return { state: { ...proposed, object: prior.object ?? null }, replace: [] }
      }
    }
    const state = { ...proposed, object: UNKNOWN }
    if (before === null) return { state, replace: [] }
    const wish = known(prior?.manifest ?? null)
    const reshaped = (await cluster.schemalessPaths(type)).some((path) => hasNewShape(at(wish, path), at(wanted, path)))
    return { state, replace: reshaped || identity(before) !== identity(object) ? [['manifest']] : [] }
  },

  async apply(cluster: Cluster, prior: State | null, planned: State): Promise<State> {
    const wanted = objectOf(known(planned.manifest ?? null))
    const type = await typeOf(cluster, wanted)
    if (prior === null && (await cluster.find(type, wanted.metadata))) {
      const { namespace, name } = wanted.metadata
      throw new ProviderError(
        'Cannot create resource that already exists',
        `resource "${namespace}/${name}" already exists`,
      )
    }
    const [manager] = maps(planned.field_manager)
    const fieldManager = typeof manager?.name === 'string' ? manager.name : 'Terraform'
    const force = manager?.force_conflicts === true
    const applied = await cluster.client.apply(type, wanted, { fieldManager, force })
    const changed = differences(applied, toJson(wanted), computedFields(planned))
    if (changed.length > 0) {
      const detail = `When applying changes, the provider produced an unexpected new value: .object.${changed.join(', .object.')}`
      throw new ProviderError('Provider produced inconsistent result after apply', detail)
    }
    await waitFor(cluster, type, wanted, planned)
    return { ...planned, object: Dynamic.of(ofUser(applied)) }
  },

  async delete(cluster: Cluster, prior: State): Promise<void> {
    const object = objectOf(known(prior.object ?? null))
    await cluster.delete(await typeOf(cluster, object), object.metadata)
  },

  async read(cluster: Cluster, state: State): Promise<State | null> {
    const object = objectOf(known(state.object ?? null))
    const found = await cluster.find(await typeOf(cluster, object), object.metadata)
    return found === undefined ? null : { ...state, object: Dynamic.of(ofUser(found)) }
  },

  async import(cluster: Cluster, id: string): Promise<State> {
    const {
      apiVersion = '',
      kind = '',
      namespace,
      name = '',
    } = Object.fromEntries(id.split(',').map((part) => part.split('=')))
    if (name === '') {
      const expected = 'apiVersion=<value>,kind=<value>,name=<value>[,namespace=<value>]'
      throw new ProviderError('Failed to parse import ID', `invalid format for import ID [${id}]: it is ${expected}`)
    }
    const object = { apiVersion, kind, metadata: { name, namespace: namespace ?? 'default' } }
    const found = await cluster.find(await typeOf(cluster, object), object.metadata)
    if (found === undefined) throw new ProviderError('Failed to get resource from API', `there is no ${kind} ${name}`)
    const none = { manifest: null, computed_fields: null, wait_for: null, field_manager: [], timeouts: [], wait: [] }
    return { ...none, object: Dynamic.of(ofUser(found)) }
  },
}

/** The data source kubernetes_resource: it sees the status. */
export async function readObject(cluster: Cluster, config: State): Promise<State> {
  const { api_version, kind } = config
  const [metadata = {}] = maps(config.metadata)
  const wanted = objectOf(known({ apiVersion: api_version ?? null, kind: kind ?? null, metadata }))
  const found = await cluster.find(await typeOf(cluster, wanted), wanted.metadata)
  if (found === undefined)
    throw new ProviderError('Failed to get data source', `there is no ${wanted.kind} ${wanted.metadata.name}`)
  return { ...config, object: Dynamic.of(toJson(found)) }
}

async function typeOf(cluster: Cluster, { apiVersion, kind, metadata }: KubeObject): Promise<ResourceType> {
  const type = await cluster.typeOf(apiVersion, kind)
  if (type === undefined) {
    const detail = `no matches for kind "${kind}" in "${apiVersion}"`
    throw new ProviderError('API did not recognize GroupVersionKind from manifest (CRD may not be installed)', detail)
  }
  if (type.namespaced && !metadata.namespace) {
    throw new ProviderError('Namespace required', `Resources of type '${apiVersion} ${kind}' require a namespace`)
  }
  if (!type.namespaced && metadata.namespace) {
    const detail = `Resources of type '${apiVersion} ${kind}' cannot have a namespace`
    throw new ProviderError('Cluster level resource cannot take namespace', detail)
  }
  return type
}

/** Waits for `wait.condition` or `wait.fields`. */
async function waitFor(cluster: Cluster, type: ResourceType, { metadata }: KubeObject, planned: State): Promise<void> {
  const [wait] = maps(planned.wait)
  if (wait === undefined) return
  const conditions = maps(wait.condition)
  const fields = isMap(wait.fields) ? Object.entries(wait.fields) : []
  await until(SECONDS, `what ${metadata.name} shall wait for`, async () => {
    const found = await cluster.find(type, metadata)
    const status = maps(at(found, 'status.conditions'))
    const has = ({ type, status: wanted }: State) =>
      status.some((condition) => condition.type === type && condition.status === wanted)
    const matches = ([path, wanted]: [string, Json]) =>
      wanted === '*' ? at(found, path) !== undefined : new RegExp(`${wanted}`).test(String(at(found, path)))
    return conditions.every(has) && fields.every(matches)
  })
}

/** Terraform wants the type of a value to stay; where the definition has no schema, that is what the manifest has. */
const hasNewShape = (before: unknown, after: unknown): boolean =>
  isMap(before) && isMap(after) && !isDeepStrictEqual(typeOfValue(before), typeOfValue(after))

/** The paths at which what is there is not what was wanted. What was not asked for is left to the cluster. */
function differences(there: unknown, wanted: Json, ignored: ReadonlySet<string>, path = ''): string[] {
  if (ignored.has(path)) return []
  const below = (key: string | number) => (path === '' ? `${key}` : `${path}.${key}`)
  if (isMap(wanted) && isMap(there)) {
    return Object.entries(wanted).flatMap(([key, value]) => differences(there[key], value, ignored, below(key)))
  }
  if (Array.isArray(wanted) && Array.isArray(there) && wanted.length === there.length) {
    return wanted.flatMap((value, index) => differences(there[index], value, ignored, below(index)))
  }
  return isDeepStrictEqual(wanted, there) ? [] : [path]
}

function computedFields({ computed_fields }: State): ReadonlySet<string> {
  return new Set(
    Array.isArray(computed_fields) ? computed_fields.map(String) : ['metadata.annotations', 'metadata.labels'],
  )
}

/** Without what the API server keeps: Terraform does not see the status either. */
function ofUser({ status: _, metadata, ...rest }: Whole | (KubeObject & { status?: unknown })): Json {
  const { uid, resourceVersion, creationTimestamp, generation, managedFields, ...kept } = metadata
  return toJson({ ...rest, metadata: kept })
}

const toJson = (object: object): Json => JSON.parse(JSON.stringify(object))

function objectOf(value: Json | undefined): KubeObject {
  const { apiVersion, kind, metadata } = isMap(value) ? value : {}
  if (!isMap(metadata) || typeof apiVersion !== 'string' || typeof kind !== 'string') {
    throw new ProviderError('Invalid manifest', 'it needs apiVersion, kind and metadata', ['manifest'])
  }
  const { name } = metadata
  if (typeof name !== 'string') throw new ProviderError('Invalid manifest', 'it needs a name', ['manifest', 'metadata'])
  return { ...Object(value), apiVersion, kind, metadata: { ...metadata, name } }
}

const identity = ({ apiVersion, kind, metadata }: KubeObject): string =>
  [apiVersion, kind, metadata.namespace, metadata.name].join(' ')

const isEmpty = (value: unknown): boolean => value === null || (Array.isArray(value) && value.length === 0)
