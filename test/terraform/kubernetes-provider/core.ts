// The resources kubernetes_namespace_v1 and kubernetes_secret_v1.
import { isDeepStrictEqual } from 'node:util'
import type { ResourceType } from '../../../src/kube/object.ts'
import type { Cluster, Whole } from './cluster.ts'
import { type Path, ProviderError } from './errors.ts'
import type { Planned, Resource } from './resource.ts'
import { isMap, type Json, known, type State, UNKNOWN, type Value } from './values.ts'

/** What the two do not have in common. */
interface Kind {
  type: ResourceType
  /** Attributes that the older SDK fills in. */
  defaults: State
  /** Attributes whose change needs a new resource. */
  fixed: string[]
  /** Fields of the object, from attributes. */
  toObject(planned: State, config: State): { [field: string]: Json }
  /** Attributes, from the object; `state` says which of them are wanted. */
  fromObject(object: Whole, state: State): State
}

export const namespace: Resource = coreResource({
  type: { group: '', version: 'v1', plural: 'namespaces', kind: 'Namespace', namespaced: false },
  defaults: { wait_for_default_service_account: false },
  fixed: [],
  toObject: () => ({}),
  fromObject: () => ({}),
})

export const secret: Resource = coreResource({
  type: { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
  defaults: { type: 'Opaque', wait_for_service_account_token: true },
  fixed: ['type'],
  toObject: (planned, config) => ({
    type: String(planned.type),
    data: { ...base64(planned.data_wo_revision ? config.data_wo : planned.data), ...strings(planned.binary_data) },
    ...(typeof planned.immutable === 'boolean' && { immutable: planned.immutable }),
  }),
  fromObject: ({ type, data, immutable }, state) => {
    const values = strings(data)
    const binary = Object.keys(strings(state.binary_data))
    const text = Object.entries(values).filter(([key]) => !binary.includes(key))
    return {
      type: String(type),
      immutable: typeof immutable === 'boolean' ? immutable : null,
      // What is write-only stays out of the state.
      data: state.data_wo_revision
        ? null
        : Object.fromEntries(text.map(([key, value]) => [key, Buffer.from(value, 'base64').toString()])),
    }
  },
})

function coreResource({ type, defaults, fixed, toObject, fromObject }: Kind): Resource {
  const read = async (cluster: Cluster, name: { name: string; namespace?: string }, state: State) => {
    const found = await cluster.find(type, name)
    if (found === undefined) return null
    return { ...defaults, ...state, ...fromObject(found, state), id: idOf(name), metadata: [metadataOf(found)] }
  }
  return {
    legacy: true,

    validate(config: State): void {
      const { name, generate_name } = metadata(config)
      if (name !== null && generate_name !== null) {
        throw new ProviderError('Conflicting configuration arguments', 'name conflicts with generate_name', [
          'metadata',
          0,
        ])
      }
    },

    async plan(_cluster: Cluster, prior: State | null, proposed: State): Promise<Planned> {
      const filled: State = { ...proposed, metadata: [{ ...metadata(proposed) }] }
      for (const [name, value] of Object.entries(defaults)) filled[name] ??= value
      if (type.namespaced) metadata(filled).namespace ??= 'default'
      if (prior === null) {
        filled.id = UNKNOWN
        if ('data' in filled) filled.data ??= UNKNOWN
        for (const name of ['generation', 'resource_version', 'uid']) metadata(filled)[name] = UNKNOWN
        return { state: filled, replace: [] }
      }
      if (isDeepStrictEqual(filled, prior)) return { state: prior, replace: [] }
      metadata(filled).resource_version = UNKNOWN
      const moved = ['name', 'namespace'].filter((name) => metadata(filled)[name] !== metadata(prior)[name])
      const replace: Path[] = [
        ...moved.map((name) => ['metadata', 0, name]),
        ...fixed.filter((name) => filled[name] !== prior[name]).map((name) => [name]),
      ]
      return { state: filled, replace }
    },

    async apply(cluster: Cluster, prior: State | null, planned: State, config: State): Promise<State> {
      const name = nameOf(planned)
      const { labels, annotations } = metadata(planned)
      const object = toObject(planned, config)
      if (prior === null) {
        const of = { ...name, labels: strings(labels), annotations: strings(annotations) }
        await cluster.client.create(type, { apiVersion: 'v1', kind: type.kind, metadata: of, ...object })
      } else {
        const before = metadata(prior)
        const changed = { labels: change(before.labels, labels), annotations: change(before.annotations, annotations) }
        const data = isMap(object.data)
          ? { data: change(strings((await cluster.find(type, name))?.data), object.data) }
          : {}
        await cluster.client.patch(type, name, { merge: { ...object, ...data, metadata: changed } })
      }
      const state = await read(cluster, name, planned)
      if (state === null) throw new ProviderError('Resource not found', `${type.kind} ${idOf(name)} went at once`)
      return state
    },

    async delete(cluster: Cluster, prior: State): Promise<void> {
      await cluster.delete(type, nameOf(prior))
    },

    read: (cluster: Cluster, state: State) => read(cluster, nameOf(state), state),

    async import(cluster: Cluster, id: string): Promise<State> {
      const [name = '', namespace] = id.split('/').reverse()
      const state = await read(cluster, { name, ...(namespace !== undefined && { namespace }) }, {})
      if (state === null)
        throw new ProviderError('Cannot import non-existent remote object', `there is no ${type.kind} ${id}`)
      return state
    },
  }
}

function metadata({ metadata }: State): State {
  const [block] = Array.isArray(metadata) ? metadata : []
  if (!isMap(block)) throw new ProviderError('Insufficient metadata blocks', 'there is one, with a name', ['metadata'])
  return block
}

function nameOf(state: State): { name: string; namespace?: string } {
  const { name, namespace } = metadata(state)
  return { name: String(name), ...(typeof namespace === 'string' && { namespace }) }
}

const idOf = ({ name, namespace }: { name: string; namespace?: string }): string =>
  namespace === undefined ? name : `${namespace}/${name}`

function metadataOf({ metadata }: Whole): State {
  const { name, namespace, uid = '', resourceVersion = '', generation = 0, labels, annotations } = metadata
  const own = { name, generate_name: null, uid, resource_version: resourceVersion, generation }
  const maps = { labels: ofUser(labels), annotations: ofUser(annotations) }
  return namespace === undefined ? { ...own, ...maps } : { ...own, ...maps, namespace }
}

/** Kubernetes' own labels and annotations are none of Terraform's business. */
function ofUser(map: Record<string, string> = {}): State | null {
  const entries = Object.entries(map).filter(([key]) => !/(^|\.)(kubernetes|k8s)\.io\//.test(key))
  return entries.length === 0 ? null : Object.fromEntries(entries)
}

/** A merge patch from one map to another. */
function change(before: Value | undefined, after: Value | undefined): { [key: string]: string | null } {
  const gone = Object.keys(strings(before)).map((key): [string, null] => [key, null])
  return { ...Object.fromEntries(gone), ...strings(after) }
}

function strings(map: unknown): Record<string, string> {
  if (!isMap(map)) return {}
  return Object.fromEntries(Object.entries(map).map(([key, value]) => [key, String(known(value))]))
}

const base64 = (map: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(strings(map)).map(([key, value]) => [key, Buffer.from(value).toString('base64')]))
