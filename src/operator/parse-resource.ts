import { z } from 'zod'
import { activationSpec } from '../model/activation.ts'
import { destinationSpec } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import { API_VERSION, type ObjectMeta } from '../model/resource.ts'
import { spaceSpec } from '../model/space.ts'
import { activationStatus, destinationStatus, spaceStatus } from '../model/status.ts'

const metadata = z.object({
  name: z.string(),
  namespace: z.string(),
  uid: z.string(),
  generation: z.int(),
  resourceVersion: z.string(),
  creationTimestamp: z.string(),
  deletionTimestamp: z.string().exactOptional(),
  finalizers: z.array(z.string()).exactOptional(),
  labels: z.record(z.string(), z.string()).exactOptional(),
  annotations: z.record(z.string(), z.string()).exactOptional(),
})

/** kubectl keeps a copy of the manifest there: as long as all the rest, and nothing that a reconciler reads. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** A status that another version wrote counts as none: it is written anew. */
const statusOf = <S>(schema: z.ZodType<S>, status: unknown): { status?: S } => {
  const { success, data } = schema.safeParse(status)
  return success ? { status: data } : {}
}

/**
 * An object of the API server as a resource: with the defaults of this version, and without what no reconciler reads.
 * Throws ZodError for a spec that this version does not understand.
 */
export function parseResource(object: {
  kind: string
  metadata: unknown
  spec?: unknown
  status?: unknown
}): EngageResource {
  const common = { apiVersion: API_VERSION, metadata: slimMetadata(metadata.parse(object.metadata)) } as const
  switch (object.kind) {
    case 'WarehouseDestination':
      return {
        ...common,
        kind: object.kind,
        spec: destinationSpec.parse(object.spec),
        ...statusOf(destinationStatus, object.status),
      }
    case 'EngageSpace':
      return {
        ...common,
        kind: object.kind,
        spec: spaceSpec.parse(object.spec),
        ...statusOf(spaceStatus, object.status),
      }
    case 'Activation':
      return {
        ...common,
        kind: object.kind,
        spec: activationSpec.parse(object.spec),
        ...statusOf(activationStatus, object.status),
      }
    default:
      throw new TypeError(`${object.kind} is no kind of EngageOps`)
  }
}

function slimMetadata({ annotations, ...kept }: ObjectMeta): ObjectMeta {
  if (!annotations) return kept
  const { [LAST_APPLIED]: _, ...others } = annotations
  return { ...kept, annotations: others }
}
