import {
  type Activation,
  COMPUTATION_FIELDS,
  type ComputationField,
  computationOf,
  type StorageActionsSpec,
  triggersWith,
} from './activation.ts'
import { activationProblems } from './activation-check.ts'
import type { WarehouseDestination } from './destination.ts'
import type { EngageResource } from './kinds.ts'
import { formatPath } from './problems.ts'
import type { Reason } from './reasons.ts'
import { type EngageSpace, type SpaceConnection, schemasOf } from './space.ts'

/** A rule that takes several resources to see, and that one of them breaks. */
export interface Finding {
  resource: EngageResource
  reason: Reason
  /** What is wrong and what to write. */
  message: string
}

/**
 * Checks the resources against each other. Nothing of it is final: references may be created in any order, and what
 * is found goes away with its cause. Of two resources that want the same thing the older keeps it (by creation, then
 * in the order given), and the finding is the younger's.
 */
export function crossCheck(resources: readonly EngageResource[]): Finding[] {
  const byAge = resources.toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)))
  const folder: Folder = { destinations: new Map(), spaces: new Map() }
  for (const resource of byAge) {
    if (resource.kind === 'WarehouseDestination') folder.destinations.set(keyOf(resource), resource)
    if (resource.kind === 'EngageSpace') folder.spaces.set(keyOf(resource), resource)
  }
  const spaces = byAge.filter((resource) => resource.kind === 'EngageSpace')
  const activations = byAge.filter((resource) => resource.kind === 'Activation')
  return [
    ...spaces.flatMap((space) => spaceFindings(space, folder)),
    ...sharedSchemas(spaces),
    ...activations.flatMap(specFindings),
    ...activations.flatMap((activation) => activationFindings(activation, folder)),
    ...sharedTables(activations, folder),
  ]
}

interface Folder {
  destinations: Map<string, WarehouseDestination>
  spaces: Map<string, EngageSpace>
}

const createdAt = ({ metadata }: EngageResource) => metadata.creationTimestamp ?? ''
const keyOf = ({ metadata }: EngageResource, name = metadata.name) => `${metadata.namespace}/${name}`

function spaceFindings(space: EngageSpace, { destinations }: Folder): Finding[] {
  const { spec } = space
  return spec.destinations.flatMap((connection, index): Finding[] => {
    const field = `spec.destinations[${index}]`
    const destination = destinations.get(keyOf(space, connection.name))
    if (!destination) return [destinationNotFound(space, `${field}.name`, connection.name)]
    const { bookkeepingSchema } = destination.spec
    if (!Object.values(schemasOf(spec, connection)).includes(bookkeepingSchema)) return []
    const message = `${field}: ${bookkeepingSchema} is the bookkeeping schema of ${connection.name}: write another in schemas`
    return [{ resource: space, reason: 'InvalidSpec', message }]
  })
}

function destinationNotFound(resource: EngageResource, field: string, name: string): Finding {
  const message = `${field}: there is no WarehouseDestination ${name}: write one, or correct the name`
  return { resource, reason: 'DestinationNotFound', message }
}

/** Schemas that two spaces resolve to on one destination, such as those of `engage_x` beside the classic one of `x`. */
function sharedSchemas(spaces: EngageSpace[]): Finding[] {
  const owners = new Map<string, EngageSpace>()
  return spaces.flatMap((space) =>
    space.spec.destinations.flatMap((connection, index) =>
      Object.values(schemasOf(space.spec, connection)).flatMap((schema): Finding[] => {
        const key = `${keyOf(space, connection.name)}/${schema.toLowerCase()}`
        const owner = owners.get(key) ?? space
        owners.set(key, owner)
        if (owner === space) return []
        const message = `spec.destinations[${index}]: EngageSpace ${owner.metadata.name} has the schema ${schema} on ${connection.name}: write another in schemas`
        return [{ resource: space, reason: 'Conflict', message }]
      }),
    ),
  )
}

/** What the API server lets through: folders and constructs have refused it before. */
function specFindings(activation: Activation): Finding[] {
  return activationProblems(activation.spec).map(({ path, message }) => ({
    resource: activation,
    reason: 'InvalidSpec',
    message: `${formatPath(['spec', ...path])}: ${message}`,
  }))
}

function activationFindings(activation: Activation, { destinations, spaces }: Folder): Finding[] {
  const { spaceRef, destinationRef } = activation.spec
  const destination = destinations.has(keyOf(activation, destinationRef.name))
    ? []
    : [destinationNotFound(activation, 'spec.destinationRef.name', destinationRef.name)]
  const space = spaces.get(keyOf(activation, spaceRef.name))
  if (space)
    return [...destination, ...connectionFindings(activation, space), ...computationFindings(activation, space)]
  const message = `spec.spaceRef.name: there is no EngageSpace ${spaceRef.name}: write one, or correct the name`
  return [...destination, { resource: activation, reason: 'SpaceNotFound', message }]
}

function connectionFindings(activation: Activation, space: EngageSpace): Finding[] {
  const { name } = activation.spec.destinationRef
  if (connectionOf(space, name)) return []
  const message = `spec.destinationRef.name: EngageSpace ${space.metadata.name} is not connected to ${name}: add it to the destinations of the space`
  return [{ resource: activation, reason: 'DestinationNotConnected', message }]
}

function connectionOf(space: EngageSpace, destination: string): SpaceConnection | undefined {
  return space.spec.destinations.find(({ name }) => name === destination)
}

/** Where a space declares each kind of computation, and what people call it. */
const COMPUTATIONS = {
  audience: { list: 'audiences', word: 'audience' },
  computedTrait: { list: 'computedTraits', word: 'computed trait' },
  journey: { list: 'journeys', word: 'journey' },
} as const satisfies Record<ComputationField, unknown>

function computationFindings(activation: Activation, space: EngageSpace): Finding[] {
  const { field, key } = computationOf(activation.spec)
  const { list, word } = COMPUTATIONS[field]
  const place = `spec.computation.${field}`
  if (!space.spec[list].some((computation) => computation.key === key)) {
    const message = `${place}: EngageSpace ${space.metadata.name} has no ${word} ${JSON.stringify(key)}: ${elsewhere(space, key) ?? `declare it in ${list} of the space, or correct the key`}`
    return [{ resource: activation, reason: 'ComputationNotFound', message }]
  }
  const audience = field === 'audience' ? space.spec.audiences.find((entry) => entry.key === key) : undefined
  const unfit = (activation.spec.storageActions?.triggers ?? []).filter((trigger) => trigger.startsWith('Entity'))
  if (audience?.type !== 'Profile' || unfit.length === 0) return []
  const message = `spec.storageActions.triggers: only Linked Audiences have ${unfit.join(' and ')}, ${JSON.stringify(key)} is a Profile audience: write AudienceEntered or AudienceExited, or type: Linked in the space`
  return [{ resource: activation, reason: 'TriggerMismatch', message }]
}

/** What to write where the key is one of another kind. */
function elsewhere(space: EngageSpace, key: string): string | undefined {
  const field = COMPUTATION_FIELDS.find((other) =>
    space.spec[COMPUTATIONS[other].list].some((entry) => entry.key === key),
  )
  return field && `it is a ${COMPUTATIONS[field].word}, write computation: {${field}: ${JSON.stringify(key)}}`
}

/** Storage actions of several activations in one table: no row comes twice, and a column has one type. */
function sharedTables(activations: Activation[], { spaces }: Folder): Finding[] {
  const tables = new Map<string, { activation: Activation; actions: StorageActionsSpec }[]>()
  return activations.flatMap((activation): Finding[] => {
    const actions = activation.spec.storageActions
    const space = spaces.get(keyOf(activation, activation.spec.spaceRef.name))
    const connection = space && connectionOf(space, activation.spec.destinationRef.name)
    if (!actions || !connection) return []
    const schema = schemasOf(space.spec, connection).storageActions
    const key = `${keyOf(activation, connection.name)}/${JSON.stringify([schema, actions.table].map(lowerCase))}`
    const older = tables.get(key) ?? []
    const message = older.flatMap((other) => conflictWith(other, activation, actions) ?? [])[0]
    if (message !== undefined) return [{ resource: activation, reason: 'Conflict', message }]
    tables.set(key, [...older, { activation, actions }])
    return []
  })
}

const lowerCase = (text: string) => text.toLowerCase()

function conflictWith(
  older: { activation: Activation; actions: StorageActionsSpec },
  activation: Activation,
  actions: StorageActionsSpec,
): string | undefined {
  const other = `Activation ${older.activation.metadata.name}`
  if (sameComputation(older.activation, activation)) {
    const trigger = actions.triggers.find((one) => older.actions.triggers.includes(one))
    if (trigger) {
      return `spec.storageActions: ${other} writes ${trigger} of the same computation to table ${actions.table} already: write another table, or other triggers`
    }
    const meant = actions.triggers.flatMap(triggersWith)
    const near = older.actions.triggers.find((one) => meant.includes(one))
    if (near) {
      return `spec.storageActions: ${other} writes ${near} of the same computation to table ${actions.table} already, and calls that do not say which count as ${triggersWith(near).join(' and ')}, so that both would write them under one id: write another table, or one Activation with both triggers`
    }
  }
  for (const [index, { name, type }] of (actions.columns ?? []).entries()) {
    const taken = older.actions.columns?.find((column) => lowerCase(column.name) === lowerCase(name))
    if (taken && taken.type !== type) {
      return `spec.storageActions.columns[${index}].type: ${other} has column ${name} of table ${actions.table} as ${taken.type}: write ${taken.type}, or another column or table`
    }
  }
  return undefined
}

function sameComputation(a: Activation, b: Activation): boolean {
  const [one, two] = [computationOf(a.spec), computationOf(b.spec)]
  return a.spec.spaceRef.name === b.spec.spaceRef.name && one.field === two.field && one.key === two.key
}
