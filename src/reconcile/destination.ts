import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { DestinationStatus } from '../model/status.ts'
import { conditionsOf, rfc3339, type Trouble } from './conditions.ts'
import { type ReconcileContext, type Resources, warehouseFor } from './context.ts'
import { writeStatus } from './status-writer.ts'

type Step = NonNullable<DestinationStatus['connection']>['steps'][number]

/** What the connection test found. */
interface Probe {
  steps: Step[]
  serverVersion?: string
  trouble?: Trouble
}

/** Tests the connection of a destination and says who uses it. Its deletion touches nothing. */
export async function reconcileDestination(
  context: ReconcileContext,
  destination: WarehouseDestination,
  resources: Resources,
): Promise<void> {
  if (destination.metadata.deletionTimestamp !== undefined) {
    await context.store.setFinalizer(destination, false)
    return
  }
  const probe = await probeConnection(context, destination)
  await writeStatus(context.store, destination, {
    ...destination,
    status: summarize(context, destination, resources, probe),
  })
}

async function probeConnection(context: ReconcileContext, destination: WarehouseDestination): Promise<Probe> {
  const probe: Probe = { steps: [] }
  const step = async <T>(name: string, work: () => Promise<T>): Promise<T | undefined> => {
    if (probe.trouble) {
      probe.steps.push({ name, status: 'Skipped' })
      return undefined
    }
    try {
      const result = await work()
      probe.steps.push({ name, status: 'Passed' })
      return result
    } catch (error) {
      probe.trouble = troubleOf(error)
      probe.steps.push({ name, status: 'Failed', message: probe.trouble.message.slice(0, 1024) })
      return undefined
    }
  }
  const warehouse = await step('Configuration', () => warehouseFor(context, destination))
  const session = await step('Connect', async () => warehouse?.connect(context.signal))
  try {
    const version = await step('Query', async () => session?.serverVersion())
    return version === undefined ? probe : { ...probe, serverVersion: version.slice(0, 255) }
  } finally {
    await session?.close()
  }
}

/** An error as a trouble of the resource. What is no EngageError is a mistake in the program, and goes on up. */
export function troubleOf(error: unknown): Trouble {
  if (!(error instanceof EngageError)) throw error
  return { reason: error.reason, consequence: error.consequence, message: error.message }
}

function summarize(
  context: ReconcileContext,
  destination: WarehouseDestination,
  { spaces, activations }: Resources,
  { steps, serverVersion, trouble }: Probe,
): DestinationStatus {
  const { name, namespace, generation } = destination.metadata
  const now = context.now()
  const state = trouble ? 'Failed' : 'Connected'
  const before = destination.status?.connection
  const handled = destination.status?.lastHandledSyncRequest
  return {
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    conditions: conditionsOf({ trouble, hasTables: false }, destination.status?.conditions ?? [], generation, now),
    connection: {
      state,
      checkedAt: before?.state === state ? before.checkedAt : rfc3339(now),
      ...(serverVersion === undefined ? {} : { serverVersion }),
      steps,
    },
    spaces: spaces
      .filter(
        ({ metadata, spec }) =>
          metadata.namespace === namespace && spec.destinations.some((connection) => connection.name === name),
      )
      .map(({ metadata }) => metadata.name)
      .sort(),
    activations: activations.filter(
      ({ metadata, spec }) => metadata.namespace === namespace && spec.destinationRef.name === name,
    ).length,
    ...(handled === undefined ? {} : { lastHandledSyncRequest: handled }),
  }
}
