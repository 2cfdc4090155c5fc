import { z } from 'zod'
import { type Resource, resourceName, secretKeyReference } from './resource.ts'
import type { SpaceStatus } from './status.ts'
import { LOGICAL_TYPES } from './table.ts'

const schemaName = z.string().min(1).max(255)
const computationKey = z.string().min(1).max(255).describe('Key of the computation, as calls carry it. Immutable.')
const computationName = z.string().min(1).max(255).optional().describe('Name that people see.')

const selectiveSync = z.strictObject({
  collection: z.string().min(1).max(255).describe('Table (collection) that the rule is for.'),
  properties: z
    .array(z.string().min(1).max(255))
    .min(1)
    .max(500)
    .optional()
    .describe('Columns that the rule is for; without them the whole collection.'),
  enabled: z.boolean().default(false).describe('Whether they are synced.'),
})

const connection = z.strictObject({
  name: resourceName.describe('Name of the WarehouseDestination.'),
  schemas: z
    .strictObject({
      classic: schemaName.optional().describe('Schema of the classic tables. Default: engage_<name>. Immutable.'),
      storageActions: schemaName.optional().describe('Schema of storage actions. Default: <name>. Immutable.'),
    })
    .optional()
    .describe('Schemas to use instead of the default ones, to adopt existing schemas.'),
  selectiveSync: z.array(selectiveSync).max(500).optional().describe('Tables and columns that are left out.'),
})

const source = z.strictObject({
  name: resourceName.describe('Name of the source; checkpoints carry it.'),
  objectStore: z
    .strictObject({
      url: z.string().min(6).max(1024).describe('Where the objects stand: s3://bucket/prefix.'),
      region: z.string().min(1).max(63).optional().describe('Region of the bucket.'),
      endpoint: z.string().min(1).max(1024).optional().describe('Endpoint of an S3-compatible store.'),
      credentialsSecretRef: z
        .strictObject({ name: z.string().min(1).max(253).describe('Name of the Secret.') })
        .optional()
        .describe('Secret with accessKeyId and secretAccessKey; without it the default provider chain is used.'),
    })
    .optional()
    .describe('Objects in S3-compatible storage.'),
  volume: z
    .strictObject({
      claimName: z.string().min(1).max(253).describe('Name of the PersistentVolumeClaim.'),
      path: z.string().min(1).max(4096).default('/').describe('Folder in the volume.'),
    })
    .optional()
    .describe('A volume with NDJSON files, in a cluster.'),
  directory: z.string().min(1).max(4096).optional().describe('A folder with NDJSON files, relative to the manifest.'),
  receiver: z
    .strictObject({ writeKeySecretRef: secretKeyReference.describe('Where the write key stands.') })
    .optional()
    .describe('Calls that the receiver takes over HTTP.'),
})

const sqlComputation = {
  destination: resourceName.describe('WarehouseDestination that the query runs on.'),
  query: z.string().min(1).max(20000).describe('A SELECT.'),
  schedule: z.string().min(9).max(100).optional().describe('When the query runs: five cron fields.'),
}

const audience = z.strictObject({
  key: computationKey,
  name: computationName,
  type: z.enum(['Profile', 'Linked']).default('Profile').describe('Profile audience or Linked Audience.'),
  sql: z
    .strictObject({
      ...sqlComputation,
      maxExitPercent: z.int().min(1).max(100).default(50).describe('Share of members that may exit in one run.'),
    })
    .optional()
    .describe('Computes the members in the warehouse.'),
})

/** The types a computed trait can have. */
const traitType = z.enum(LOGICAL_TYPES)

const computedTrait = z.strictObject({
  key: computationKey,
  name: computationName,
  type: traitType.describe('Type of the value, and of its column.'),
  previousNames: z
    .array(z.string().min(1).max(255))
    .max(20)
    .optional()
    .describe('Earlier keys; a column of such a name is renamed.'),
  sql: z.strictObject(sqlComputation).optional().describe('Computes the values in the warehouse.'),
})

const journey = z.strictObject({ key: computationKey, name: computationName })

export const spaceSpec = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(63)
    .regex(/^[a-z][a-z0-9_]*$/)
    .describe('Name of the space; schema names come from it. Immutable.'),
  spaceId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("Segment's id of the space (spa_…): calls that carry another one are not routed here."),
  destinations: z.array(connection).max(50).default([]).describe('Warehouses connected to the space.'),
  sources: z.array(source).max(50).default([]).describe('Where the calls come from.'),
  audiences: z.array(audience).max(1000).default([]).describe('Audiences of the space.'),
  computedTraits: z.array(computedTrait).max(1000).default([]).describe('Computed traits of the space.'),
  journeys: z.array(journey).max(1000).default([]).describe('Journeys of the space.'),
  includeAnonymousUsers: z
    .boolean()
    .default(false)
    .describe('Whether SQL computations emit calls for anonymous profiles. Calls that come in are always kept.'),
})

export type SpaceSpec = z.infer<typeof spaceSpec>
export type EngageSpace = Resource<'EngageSpace', SpaceSpec, SpaceStatus>
export type SpaceConnection = SpaceSpec['destinations'][number]
export type SourceSpec = SpaceSpec['sources'][number]
