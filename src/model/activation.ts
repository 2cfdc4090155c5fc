import { z } from 'zod'
import { localReference, type Resource } from './resource.ts'
import type { ActivationStatus } from './status.ts'
import { LOGICAL_TYPES } from './table.ts'

export const TRIGGERS = [
  'AudienceEntered',
  'AudienceExited',
  'EntityAdded',
  'EntityRemoved',
  'JourneyStepEntered',
] as const
export type Trigger = (typeof TRIGGERS)[number]

const key = z.string().min(1).max(255)
const eventName = z.string().min(1).max(255)

const computation = z.strictObject({
  audience: key.optional().describe('Key of an audience of the space.'),
  computedTrait: key.optional().describe('Key of a computed trait of the space.'),
  journey: key.optional().describe('Key of a journey of the space.'),
})

const classic = z.strictObject({
  calls: z
    .array(z.enum(['Identify', 'Track']))
    .min(1)
    .max(2)
    .default(['Identify', 'Track'])
    .describe('Calls that land in the warehouse.'),
  eventNames: z
    .strictObject({
      entered: eventName.default('Audience Entered').describe('Event when a profile enters the audience.'),
      exited: eventName.default('Audience Exited').describe('Event when a profile leaves the audience.'),
      computed: eventName.default('Trait Computed').describe('Event when a trait is computed.'),
    })
    .prefault({})
    .describe('Names of the track events; each has its own table.'),
  sendMobileIds: z
    .boolean()
    .default(false)
    .describe('Whether android_idfa and ios_idfa columns are filled from context.device.'),
})

/** A mapping of Segment's mapping-kit: directives are objects with one key that starts with @. */
const mapping = z.record(z.string(), z.json()).describe("A mapping of Segment's mapping-kit. Default: Segment's own.")

const column = z.strictObject({
  name: z.string().min(1).max(255).describe('Name of the column.'),
  type: z.enum(LOGICAL_TYPES).describe('Type of the column.'),
  path: z.string().min(1).max(1000).describe('Path of the value in the call, such as $.properties.plan.'),
  previousNames: z.array(z.string().min(1).max(255)).max(20).optional().describe('Earlier names of the column.'),
})

const storageActions = z.strictObject({
  table: z.string().min(1).max(255).describe('Name of the table. Immutable.'),
  triggers: z.array(z.enum(TRIGGERS)).min(1).max(5).describe('What makes a row.'),
  mapping: mapping.optional(),
  columns: z
    .array(column)
    .max(500)
    .optional()
    .describe('Fields of the call that get a typed column, beside those of the mapping.'),
})

export const activationSpec = z.strictObject({
  spaceRef: localReference.describe('The EngageSpace. Immutable.'),
  destinationRef: localReference.describe('The WarehouseDestination; the space must be connected to it. Immutable.'),
  computation: computation.describe('What is activated: exactly one. Immutable.'),
  classic: classic.optional().describe('Classic storage: identify and track calls as tables.'),
  storageActions: storageActions.optional().describe('Storage actions: one table of your own, with a mapping.'),
  sync: z
    .strictObject({
      trigger: z
        .enum(['Schedule', 'OnRunComplete'])
        .optional()
        .describe('When rows are synced. Default: classic Schedule, storage actions OnRunComplete (and on schedule).'),
      backfill: z
        .enum(['All', 'None'])
        .default('All')
        .describe('Whether calls that were there before the activation are loaded.'),
    })
    .prefault({})
    .describe('When rows are synced.'),
  suspend: z.boolean().default(false).describe('Whether the activation is held back.'),
  deletionPolicy: z
    .enum(['Retain', 'Delete'])
    .default('Retain')
    .describe('What happens to its own tables when the activation is deleted.'),
})

export type ActivationSpec = z.infer<typeof activationSpec>
export type Activation = Resource<'Activation', ActivationSpec, ActivationStatus>
export type ClassicSpec = NonNullable<ActivationSpec['classic']>
export type StorageActionsSpec = NonNullable<ActivationSpec['storageActions']>
export type MappingSpec = NonNullable<StorageActionsSpec['mapping']>
