import { z } from 'zod'
import { storeAccess, storeUrl } from './object-store.ts'
import { type Resource, resourceName, secretKeyReference } from './resource.ts'
import {
  exactlyOne,
  type Fields,
  isFields,
  keyedList,
  listOf,
  notBlank,
  notMatching,
  type Rule,
  reserved,
  ruled,
  setOf,
} from './rules.ts'
import { schedule } from './schedule.ts'
import type { SpaceStatus } from './status.ts'
import { LOGICAL_TYPES } from './table.ts'

/** Schemas that the warehouses and EngageOps itself need. */
const notReserved = notMatching(
  /^(engageops|information_schema|pg_.*)$/i,
  'is reserved (engageops, information_schema, pg_*): write another name',
)
const schemaName = ruled(z.string().min(1).max(255), notBlank, notReserved)
const key = ruled(z.string().min(1).max(255), notBlank)
const computationKey = key.describe('Key of the computation, as calls carry it. Immutable.')
const computationName = z.string().min(1).max(255).optional().describe('Name that people see.')

const selectiveSync = z.strictObject({
  collection: z.string().min(1).max(255).describe('Table (collection) that the rule is for.'),
  properties: setOf(z.string().min(1).max(255), 500)
    .min(1)
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

/** The kinds a source can have, each by its field. */
const SOURCE_KINDS = ['objectStore', 'volume', 'directory', 'receiver'] as const

const sourceFields = z.strictObject({
  name: resourceName.describe('Name of the source; checkpoints carry it.'),
  objectStore: z
    .strictObject({
      url: storeUrl.describe('Where the objects stand: s3://bucket/prefix.'),
      ...storeAccess,
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
  receiver: reserved(
    z
      .strictObject({ writeKeySecretRef: secretKeyReference.describe('Where the write key stands.') })
      .optional()
      .describe('Calls that the receiver takes over HTTP.'),
    'receives no calls: write objectStore, volume or directory',
  ),
})

const source = ruled(
  sourceFields,
  exactlyOne(SOURCE_KINDS, 'must have exactly one kind: write one of objectStore, volume or directory'),
)

const sqlComputation = {
  destination: resourceName.describe('WarehouseDestination that the query runs on.'),
  query: z.string().min(1).max(20000).describe('A SELECT.'),
  schedule: schedule.optional().describe('When the query runs: five cron fields.'),
}

const audience = z.strictObject({
  key: computationKey,
  name: computationName,
  type: z.enum(['Profile', 'Linked']).default('Profile').describe('Profile audience or Linked Audience.'),
  sql: reserved(
    z
      .strictObject({
        ...sqlComputation,
        maxExitPercent: z.int().min(1).max(100).default(50).describe('Share of members that may exit in one run.'),
      })
      .optional()
      .describe('Computes the members in the warehouse.'),
    'computes no audiences: write the audience without it, its calls come from Segment',
  ),
})

/** The types a computed trait can have. */
const traitType = z.enum(LOGICAL_TYPES)

const computedTrait = z.strictObject({
  key: computationKey,
  name: computationName,
  type: traitType.describe('Type of the value, and of its column.'),
  previousNames: setOf(key, 20).optional().describe('Earlier keys; a column of such a name is renamed.'),
  sql: reserved(
    z.strictObject(sqlComputation).optional().describe('Computes the values in the warehouse.'),
    'computes no traits: write the trait without it, its calls come from Segment',
  ),
})

const journey = z.strictObject({ key: computationKey, name: computationName })

/** One key for one computation, over the three lists: calls carry nothing but the key. */
function differentKeys(list: ComputationList, other: ComputationList): Rule {
  return {
    message: `repeats a key of ${other}: give each computation a key of its own`,
    cel: `self.${list}.all(a, !self.${other}.exists(b, b.key == a.key))`,
    field: list,
    broken: (spec) => {
      if (!isFields(spec)) return []
      const taken = new Set(keysOf(spec, other).filter((value) => typeof value === 'string'))
      return keysOf(spec, list).flatMap((value, index) => {
        return typeof value === 'string' && taken.has(value) ? [[list, index, 'key']] : []
      })
    },
  }
}

type ComputationList = 'audiences' | 'computedTraits' | 'journeys'

function keysOf(spec: Fields, list: ComputationList): unknown[] {
  return listOf(spec[list]).map((entry) => (isFields(entry) ? entry.key : undefined))
}

const CLASSIC_CEL = "(has(d.schemas) && has(d.schemas.classic) ? d.schemas.classic : 'engage_' + self.name)"
const ACTIONS_CEL = '(has(d.schemas) && has(d.schemas.storageActions) ? d.schemas.storageActions : self.name)'

/** Classic tables and storage actions of one connection never share a schema. */
const differentSchemas: Rule = {
  message: 'is the schema of both classic storage and storage actions: write different schemas',
  cel: `self.destinations.all(d, ${CLASSIC_CEL} != ${ACTIONS_CEL})`,
  field: 'destinations',
  broken: (spec) => {
    if (!isFields(spec) || typeof spec.name !== 'string') return []
    const { name } = spec
    return listOf(spec.destinations).flatMap((entry, index) => {
      const schemas = isFields(entry) && isFields(entry.schemas) ? entry.schemas : {}
      const same = (schemas.classic ?? `engage_${name}`) === (schemas.storageActions ?? name)
      return same ? [['destinations', index, 'schemas']] : []
    })
  },
}

const spaceName = ruled(
  z
    .string()
    .min(1)
    .max(63)
    .regex(
      /^[a-z][a-z0-9_]*$/,
      'is not a name for a space: write a lower-case letter, then lower-case letters, digits and _',
    ),
  notReserved,
)

/** Of each list. The API server allows no more than about 300, for it compares all keys with all others. */
const MAX_COMPUTATIONS = 250

const spec = z.strictObject({
  name: spaceName.describe('Name of the space; schema names come from it. Immutable.'),
  spaceId: z
    .string()
    .min(1)
    .max(100)
    .optional()
    .describe("Segment's id of the space (spa_…): calls that carry another one are not routed here."),
  destinations: keyedList(connection, 'name', 50).default([]).describe('Warehouses connected to the space.'),
  sources: keyedList(source, 'name', 50).default([]).describe('Where the calls come from.'),
  audiences: keyedList(audience, 'key', MAX_COMPUTATIONS).default([]).describe('Audiences of the space.'),
  computedTraits: keyedList(computedTrait, 'key', MAX_COMPUTATIONS)
    .default([])
    .describe('Computed traits of the space.'),
  journeys: keyedList(journey, 'key', MAX_COMPUTATIONS).default([]).describe('Journeys of the space.'),
  includeAnonymousUsers: reserved(
    z
      .boolean()
      .default(false)
      .describe('Whether SQL computations emit calls for anonymous profiles. Calls that come in are always kept.'),
    'computes nothing with SQL: write false',
  ),
})

export const spaceSpec = ruled(
  spec,
  differentKeys('computedTraits', 'audiences'),
  differentKeys('journeys', 'audiences'),
  differentKeys('journeys', 'computedTraits'),
  differentSchemas,
)

export type SpaceSpec = z.infer<typeof spaceSpec>
export type EngageSpace = Resource<'EngageSpace', SpaceSpec, SpaceStatus>
export type SpaceConnection = SpaceSpec['destinations'][number]
export type SourceSpec = SpaceSpec['sources'][number]

/** The schemas of a connection: `engage_<name>` and `<name>`, or those that it names instead. */
export function schemasOf(
  space: Pick<SpaceSpec, 'name'>,
  connection: Pick<SpaceConnection, 'schemas'>,
): { classic: string; storageActions: string } {
  return {
    classic: connection.schemas?.classic ?? `engage_${space.name}`,
    storageActions: connection.schemas?.storageActions ?? space.name,
  }
}
