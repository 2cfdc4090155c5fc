import { z } from 'zod'

/** The API group and version of every resource. */
export const API_VERSION = 'engageops.dev/v1alpha1'

export const KINDS = ['WarehouseDestination', 'EngageSpace', 'Activation'] as const
export type Kind = (typeof KINDS)[number]

/** Holds a resource until its tables are dropped; only where its deletionPolicy is Delete. */
export const FINALIZER = 'engageops.dev/warehouse'

/** What Kubernetes calls object metadata, as far as EngageOps reads it. */
export interface ObjectMeta {
  name: string
  namespace: string
  uid?: string
  generation?: number
  resourceVersion?: string
  creationTimestamp?: string
  deletionTimestamp?: string
  finalizers?: string[]
  labels?: Record<string, string>
  annotations?: Record<string, string>
}

/** One resource as it stands in the store: `spec` is parsed and has its defaults. */
export interface Resource<K extends Kind, Spec, Status> {
  apiVersion: typeof API_VERSION
  kind: K
  metadata: ObjectMeta
  spec: Spec
  status?: Status
}

/** A DNS-1123 label, as Kubernetes requires of the names of these resources. */
export const resourceName = z
  .string()
  .min(1)
  .max(63)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/,
    'is not a resource name: write lower-case letters, digits and -, such as main-warehouse',
  )

/** The name of another resource in the same namespace. */
export const localReference = z.strictObject({
  name: resourceName.describe('Name of the resource, in the same namespace.'),
})

const SECRET_REFERENCE =
  'must name a Secret, never hold the value itself: write {name: NAME-OF-THE-SECRET, key: KEY-IN-IT}'

/** One key of a Secret in the same namespace. The value itself never stands in a resource. */
export const secretKeyReference = z.strictObject(
  {
    name: z.string().min(1).max(253).describe('Name of the Secret, in the same namespace.'),
    key: z.string().min(1).max(253).describe('Key in the Secret.'),
  },
  { error: ({ code }) => (code === 'invalid_type' ? SECRET_REFERENCE : undefined) },
)
export type SecretKeyReference = z.infer<typeof secretKeyReference>
