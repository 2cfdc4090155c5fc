import { z } from 'zod'
import { activationSpec } from './activation.ts'
import { activationProblems } from './activation-check.ts'
import { destinationSpec } from './destination.ts'
import type { EngageResource } from './kinds.ts'
import { type FieldPath, type Problem, parseWith } from './problems.ts'
import { API_VERSION, KINDS, type ObjectMeta, resourceName } from './resource.ts'
import { checkedBy, isFields, textMap } from './rules.ts'
import { spaceSpec } from './space.ts'

const ignored = z.unknown().optional()

/** Metadata as people and `kubectl get -o yaml` write it; what only a cluster sets is left out. */
const metadata = z
  .strictObject({
    name: resourceName,
    namespace: resourceName.default('default'),
    labels: textMap(1000, 63).optional(),
    annotations: textMap(1000, 262_144).optional(),
    uid: ignored,
    generation: ignored,
    resourceVersion: ignored,
    creationTimestamp: ignored,
    deletionTimestamp: ignored,
    deletionGracePeriodSeconds: ignored,
    finalizers: ignored,
    ownerReferences: ignored,
    managedFields: ignored,
    selfLink: ignored,
  })
  .transform(
    ({ name, namespace, labels, annotations }): ObjectMeta => ({
      name,
      namespace,
      ...(labels && { labels }),
      ...(annotations && { annotations }),
    }),
  )

const envelope = { apiVersion: z.literal(API_VERSION), metadata, status: ignored }

const manifest = z.discriminatedUnion('kind', [
  z.strictObject({ ...envelope, kind: z.literal('WarehouseDestination'), spec: destinationSpec }),
  z.strictObject({ ...envelope, kind: z.literal('EngageSpace'), spec: spaceSpec }),
  z.strictObject({
    ...envelope,
    kind: z.literal('Activation'),
    spec: checkedBy(activationSpec, activationProblems),
  }),
])

export type Manifest =
  | { is: 'resource'; resource: EngageResource }
  | { is: 'invalid'; name: string; problems: Problem[] }
  /** Something that other tools are for. */
  | { is: 'foreign'; what: string }

/** Reads one document. Every problem is found at once. */
export function readManifest(value: unknown): Manifest {
  if (!isFields(value)) return { is: 'foreign', what: 'a document that is not a resource' }
  const { apiVersion, kind } = value
  const ours = typeof apiVersion === 'string' && apiVersion.startsWith(`${API_VERSION.split('/')[0]}/`)
  const known = KINDS.some((name) => name === kind)
  if (!known && !ours) return { is: 'foreign', what: foreignName(apiVersion, kind) }
  if (!known) return { is: 'invalid', name: nameOf(value), problems: parseWith(kindOnly, value).problems }
  const parsed = parseWith(manifest, value)
  if ('value' in parsed) {
    const { status: _, ...resource } = parsed.value
    return { is: 'resource', resource }
  }
  return { is: 'invalid', name: nameOf(value), problems: parsed.problems }
}

const kindOnly = z.object({ kind: z.enum(KINDS) })

function foreignName(apiVersion: unknown, kind: unknown): string {
  if (typeof kind !== 'string' || typeof apiVersion !== 'string') return 'a document that is not a resource'
  return `${kind} of ${apiVersion}`
}

/** `Kind/name`, as far as the document has them. */
export function nameOf(value: unknown): string {
  if (!isFields(value)) return ''
  const { kind, metadata } = value
  const name = isFields(metadata) ? metadata.name : undefined
  return [kind, name].map((part) => (typeof part === 'string' ? part.slice(0, 63) : '?')).join('/')
}

/** The items of a `List`, as `kubectl get -o yaml` prints it, or the document itself; each with where it stands. */
export function itemsOf(value: unknown): { at: FieldPath; value: unknown }[] {
  if (isFields(value) && value.kind === 'List' && Array.isArray(value.items)) {
    return value.items.map((item, index) => ({ at: ['items', index], value: item }))
  }
  return [{ at: [], value }]
}
