import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { EngageSpace } from '../model/space.ts'
import { type WarehouseBlock, warehouseOf } from '../model/warehouse-block.ts'
import type { CompileRules } from '../plan/compile.ts'
import type { Warehouse, WarehouseEnvironment } from '../warehouses/port.ts'
import type { SchemaPlan } from './schema.ts'
import type { SettledPlans } from './settled-plans.ts'
import type { ResourceStore } from './store.ts'

/** What the reconcilers need of the world. */
export interface ReconcileContext {
  store: ResourceStore
  /** Which installation this is: the first part of every owner's name in the ledger. */
  installationId: string
  mode: 'Local' | 'Cluster'
  openWarehouse(block: WarehouseBlock, environment: WarehouseEnvironment): Promise<Warehouse>
  /** Folder that relative paths of a resource's manifest are relative to. */
  baseDirOf(resource: EngageResource): string
  /** Who works here, for the writer lease: such as host and process id. */
  holder: string
  /** Hashes of plans that may lose data, approved here and now; annotations approve them too. */
  approvedPlans?: ReadonlySet<string>
  /** Whether a namespace may have resources that the store does not know; absent where there is none. */
  isUnseen?(namespace: string): boolean
  /** Has the syncs of a space into a destination run on its schedule, and says by what; absent where the caller runs them itself. */
  deploySync?(space: EngageSpace, destination: WarehouseDestination, plan: SchemaPlan): Promise<string | undefined>
  /** Plans that hold for a while; absent where every call is to look. */
  settledPlans?: SettledPlans
  now(): Date
  signal?: AbortSignal
}

/** The resources of a store at one moment. */
export interface Resources {
  destinations: Awaited<ReturnType<ResourceStore['destinations']>>
  spaces: Awaited<ReturnType<ResourceStore['spaces']>>
  activations: Awaited<ReturnType<ResourceStore['activations']>>
}

export async function readResources(store: ResourceStore): Promise<Resources> {
  const [destinations, spaces, activations] = await Promise.all([
    store.destinations(),
    store.spaces(),
    store.activations(),
  ])
  return { destinations, spaces, activations }
}

/** The resource of a name in a namespace, unless it is on its way out. */
export const named = <R extends EngageResource>(resources: readonly R[], namespace: string, name: string) =>
  resources.find(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.name === name && metadata.deletionTimestamp === undefined,
  )

/** What the compiler of work orders must know. */
export const compileRules = (
  { installationId }: ReconcileContext,
  { dialect, capabilities }: Warehouse,
): CompileRules => ({
  identifiers: dialect.identifiers,
  maxColumns: capabilities.maxColumns,
  installationId,
})

/** The warehouse of a destination. Throws EngageError, also where a cluster cannot use it. */
export async function warehouseFor(context: ReconcileContext, destination: WarehouseDestination): Promise<Warehouse> {
  const { namespace, name } = destination.metadata
  const warehouse = await context.openWarehouse(warehouseOf(destination.spec), {
    secret: (reference) => context.store.secret(namespace, reference),
    baseDir: context.baseDirOf(destination),
  })
  if (warehouse.capabilities.localOnly && context.mode === 'Cluster') {
    throw new EngageError(
      'LocalModeOnly',
      'Stalled',
      `WarehouseDestination ${name}: ${warehouse.kind} is for the local mode: use another warehouse in a cluster`,
    )
  }
  return warehouse
}
