import { z } from 'zod'
import { COLUMNS_MISSING, ROOT_DIRECTIVE } from './mapping-check.ts'
import { localReference, type Resource } from './resource.ts'
import {
  exactlyOne,
  type Fields,
  fieldsRule,
  isFields,
  keyedList,
  listOf,
  matching,
  notBlank,
  ruled,
  setOf,
} from './rules.ts'
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

/** Triggers that a track call counts as together, where nothing but the membership in it tells what happened. */
export const ADDED_TRIGGERS: readonly Trigger[] = ['AudienceEntered', 'EntityAdded']
export const REMOVED_TRIGGERS: readonly Trigger[] = ['AudienceExited', 'EntityRemoved']

/** The triggers that one call can count as beside this one, itself among them. */
export const triggersWith = (trigger: Trigger): readonly Trigger[] =>
  [ADDED_TRIGGERS, REMOVED_TRIGGERS].find((together) => together.includes(trigger)) ?? [trigger]

const name = ruled(z.string().min(1).max(255), notBlank)

export const COMPUTATION_FIELDS = ['audience', 'computedTrait', 'journey'] as const

const computation = ruled(
  z.strictObject({
    audience: name.optional().describe('Key of an audience of the space.'),
    computedTrait: name.optional().describe('Key of a computed trait of the space.'),
    journey: name.optional().describe('Key of a journey of the space.'),
  }),
  exactlyOne(COMPUTATION_FIELDS, 'must name exactly one computation: write one of audience, computedTrait or journey'),
)

/** Events of activations that name none. */
export const DEFAULT_EVENTS = { entered: 'Audience Entered', exited: 'Audience Exited', computed: 'Trait Computed' }

const classic = z.strictObject({
  calls: setOf(z.enum(['Identify', 'Track']), 2)
    .min(1)
    .default(['Identify', 'Track'])
    .describe('Calls that land in the warehouse.'),
  eventNames: z
    .strictObject({
      entered: name.default(DEFAULT_EVENTS.entered).describe('Event when a profile enters the audience.'),
      exited: name.default(DEFAULT_EVENTS.exited).describe('Event when a profile leaves the audience.'),
      computed: name.default(DEFAULT_EVENTS.computed).describe('Event when a trait is computed.'),
    })
    .prefault({})
    .describe('Names of the track events; each has its own table.'),
  sendMobileIds: z
    .boolean()
    .default(false)
    .describe('Whether android_idfa and ios_idfa columns are filled from context.device.'),
})

const anyJson = z.unknown().meta({ 'x-kubernetes-preserve-unknown-fields': true })
const jsonMap = z.record(z.string(), z.json()).meta({ 'x-kubernetes-preserve-unknown-fields': true })

/** What Segment writes beside the columns of a mapping: taken as it is pasted. */
const unread = (instead: string) => anyJson.optional().describe(`Not read: ${instead}.`)
const FROM_THE_CALL = 'it is part of what Segment writes, and columns are those of properties'

const columnsAreThere = fieldsRule({
  message: COLUMNS_MISSING,
  cel: 'has(self.properties) || has(self.__underscores__segment_internal_directive)',
  field: 'properties',
  holds: (value) => value.properties !== undefined || value[ROOT_DIRECTIVE] !== undefined,
})

/** Values of Segment's mapping-kit: directives are maps with one key that begins with @; see mapping-check.ts. */
const mapping = ruled(
  z.strictObject(
    {
      properties: jsonMap
        .optional()
        .describe(
          `The columns by name, each with its value; or a directive that makes a map of them. Required unless ${ROOT_DIRECTIVE} has a mapping.`,
        ),
      [ROOT_DIRECTIVE]: jsonMap
        .optional()
        .describe('A directive @transform that each call goes through first, as Segment adds it to linked audiences.'),
      event: unread(FROM_THE_CALL),
      messageId: unread(FROM_THE_CALL),
      type: unread(FROM_THE_CALL),
      receivedAt: unread(FROM_THE_CALL),
      trigger: unread('computation and triggers say what makes a row'),
    },
    {
      error: (issue) =>
        issue.code === 'unrecognized_keys'
          ? issue.keys.map(() => 'unknown field: columns are the fields of properties, write it there').join('\n')
          : undefined,
    },
  ),
  columnsAreThere,
)

/** With $. before it or without, as mapping-kit takes paths; a key that begins with $ needs it. */
const callPath = ruled(
  z.string().min(1).max(1000),
  matching(
    /^(\$\.[^.[\]]|[^$.[\]])[^.[\]]*(\[[0-9]+\])*(\.[^.[\]]+(\[[0-9]+\])*)*$/,
    'is not a path into the call: write keys with a dot between them, such as $.properties.plan or $.properties.items[0].id',
  ),
)

const column = z.strictObject({
  name: name.describe('Name of the column.'),
  type: z.enum(LOGICAL_TYPES).describe('Type of the column.'),
  path: callPath.describe('Path of the value in the call, such as $.properties.plan or $.properties.items[0].id.'),
  previousNames: setOf(name, 20).optional().describe('Earlier names of the column.'),
})

const storageActions = z.strictObject({
  table: name.describe('Name of the table. Immutable.'),
  triggers: setOf(z.enum(TRIGGERS), 5).min(1).describe('What makes a row.'),
  mapping: mapping.optional().describe("A mapping of Segment's mapping-kit. Default: Segment's own."),
  columns: keyedList(column, 'name', 500)
    .optional()
    .describe('Fields of the call that get a typed column, beside those of the mapping.'),
})

const spec = z.strictObject({
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
        .describe(
          'When rows are synced: on the schedule of the destination. OnRunComplete (after each computation) is of a later version; in this one it does the same as Schedule.',
        ),
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
    .describe(
      'What happens to the table of storage actions when the activation is deleted: Delete drops it, unless others share it. The tables of classic storage belong to the space, and always stay.',
    ),
})

const oneStorage = exactlyOne(
  ['classic', 'storageActions'],
  'must have exactly one kind of storage: write either classic or storageActions; classic: {} has all defaults',
)

const traitsAreClassic = fieldsRule({
  message: 'computed traits work with classic storage only: use classic',
  cel: '!(has(self.storageActions) && has(self.computation.computedTrait))',
  field: 'storageActions',
  holds: (value) => !(isFields(value.storageActions) && computes(value, 'computedTrait')),
})

const journeyTrigger = fieldsRule({
  message:
    'JourneyStepEntered is the trigger of journeys: write AudienceEntered, AudienceExited, EntityAdded or EntityRemoved',
  cel: "!has(self.storageActions) || has(self.computation.journey) || !('JourneyStepEntered' in self.storageActions.triggers)",
  field: 'storageActions',
  holds: (value) => computes(value, 'journey') || !triggersOf(value).includes('JourneyStepEntered'),
})

const triggersOfJourneys = fieldsRule({
  message: 'journeys have one trigger: write triggers: [JourneyStepEntered]',
  cel: "!has(self.storageActions) || !has(self.computation.journey) || self.storageActions.triggers.all(t, t == 'JourneyStepEntered')",
  field: 'storageActions',
  holds: (value) =>
    !computes(value, 'journey') || triggersOf(value).every((trigger) => trigger === 'JourneyStepEntered'),
})

function computes(value: Fields, kind: ComputationField): boolean {
  return isFields(value.computation) && typeof value.computation[kind] === 'string'
}

function triggersOf(value: Fields): unknown[] {
  return isFields(value.storageActions) ? listOf(value.storageActions.triggers) : []
}

export const activationSpec = ruled(spec, oneStorage, traitsAreClassic, journeyTrigger, triggersOfJourneys)

export type ActivationSpec = z.infer<typeof activationSpec>
export type Activation = Resource<'Activation', ActivationSpec, ActivationStatus>
export type ClassicSpec = NonNullable<ActivationSpec['classic']>
export type StorageActionsSpec = NonNullable<ActivationSpec['storageActions']>
export type MappingSpec = NonNullable<StorageActionsSpec['mapping']>
export type ComputationField = (typeof COMPUTATION_FIELDS)[number]

/** The key that an activation names, and the field it stands in: what it says that the computation is. */
export function computationOf({ computation }: ActivationSpec): { field: ComputationField; key: string } {
  for (const field of COMPUTATION_FIELDS) {
    const key = computation[field]
    if (key !== undefined) return { field, key }
  }
  throw new TypeError('an Activation without a computation passed validation')
}
