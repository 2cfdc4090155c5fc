import { type Activation, activationSpec } from '../../src/model/activation.ts'
import { destinationSpec, type WarehouseDestination } from '../../src/model/destination.ts'
import { API_VERSION, type ObjectMeta } from '../../src/model/resource.ts'
import { type EngageSpace, spaceSpec } from '../../src/model/space.ts'
import { WAREHOUSE_KINDS } from '../../src/model/warehouse-block.ts'

const metadata = (name: string, others: Partial<ObjectMeta> = {}): ObjectMeta => ({
  name,
  namespace: 'default',
  uid: `uid-of-${name}`,
  generation: 1,
  creationTimestamp: '2026-11-01T00:00:00Z',
  ...others,
})

/** Resources as a store has them: parsed, with all defaults. */
export const destinationOf = (
  spec: object = {},
  name = 'warehouse',
  meta?: Partial<ObjectMeta>,
): WarehouseDestination => ({
  apiVersion: API_VERSION,
  kind: 'WarehouseDestination',
  metadata: metadata(name, meta),
  spec: destinationSpec.parse(
    WAREHOUSE_KINDS.some((block) => block in spec) ? spec : { duckdb: { path: 'warehouse.duckdb' }, ...spec },
  ),
})

export const spaceOf = (spec: object = {}, name = 'main', meta?: Partial<ObjectMeta>): EngageSpace => ({
  apiVersion: API_VERSION,
  kind: 'EngageSpace',
  metadata: metadata(name, meta),
  spec: spaceSpec.parse({ name: 'default', destinations: [{ name: 'warehouse' }], ...spec }),
})

export const activationOf = (name: string, spec: object, meta?: Partial<ObjectMeta>): Activation => ({
  apiVersion: API_VERSION,
  kind: 'Activation',
  metadata: metadata(name, meta),
  spec: activationSpec.parse({ spaceRef: { name: 'main' }, destinationRef: { name: 'warehouse' }, ...spec }),
})

/** A space with a computation of each kind. */
export const COMPUTATIONS = {
  audiences: [{ key: 'first_time_shopper' }, { key: 'abandoned_carts', type: 'Linked' }],
  computedTraits: [{ key: 'total_revenue_180_days', type: 'Float' }],
  journeys: [{ key: 'welcome' }],
}
