import type { WarehouseDestination } from '../model/destination.ts'
import type { DestinationStatus } from '../model/status.ts'
import { conditionsOf, rfc3339 } from './conditions.ts'
import { type ConnectionTest, testConnection } from './connection-test.ts'
import type { ReconcileContext, Resources } from './context.ts'
import { writeStatus } from './status-writer.ts'
import { syncRequestsOf } from './sync-requests.ts'

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
  const test = await testConnection(context, destination)
  await writeStatus(context.store, destination, {
    ...destination,
    status: summarize(context, destination, resources, test),
  })
}

function summarize(
  context: ReconcileContext,
  destination: WarehouseDestination,
  { spaces, activations }: Resources,
  { steps, serverVersion, trouble }: ConnectionTest,
): DestinationStatus {
  const { name, namespace, generation } = destination.metadata
  const now = context.now()
  const state = trouble ? 'Failed' : 'Connected'
  const before = destination.status?.connection
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
    ...syncRequestsOf(destination.status),
  }
}
