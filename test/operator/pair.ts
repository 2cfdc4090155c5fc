import { type Activation, activationSpec } from '../../src/model/activation.ts'
import { destinationSpec, type WarehouseDestination } from '../../src/model/destination.ts'
import { type EngageSpace, spaceSpec } from '../../src/model/space.ts'
import { warehouseOf } from '../../src/model/warehouse-block.ts'
import type { SyncConfig } from '../../src/operator/sync-config.ts'
import { compileWorkOrder } from '../../src/plan/compile.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'

const API = 'engageops.dev/v1alpha1' as const

export const SPACE: EngageSpace = {
  apiVersion: API,
  kind: 'EngageSpace',
  metadata: { name: 'default', namespace: 'team-a', uid: 'space-uid' },
  spec: spaceSpec.parse({
    name: 'default',
    destinations: [{ name: 'warehouse' }],
    sources: [
      { name: 'calls', volume: { claimName: 'calls', path: 'engage' } },
      { name: 'archive', objectStore: { url: 's3://archive/segment-logs', credentialsSecretRef: { name: 'archive' } } },
    ],
    audiences: [{ key: 'shopper' }],
  }),
}

export const DESTINATION: WarehouseDestination = {
  apiVersion: API,
  kind: 'WarehouseDestination',
  metadata: { name: 'warehouse', namespace: 'team-a', uid: 'destination-uid' },
  spec: destinationSpec.parse({
    postgres: {
      host: 'postgres.example.com',
      database: 'analytics',
      username: 'engage',
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      caSecretRef: { name: 'authority', key: 'ca.crt' },
    },
    sync: {
      schedule: '15 * * * *',
      timeZone: 'Europe/Berlin',
      pod: {
        nodeSelector: { disk: 'fast' },
        tolerations: [{ key: 'dedicated', value: 'syncs', effect: 'NoSchedule' }],
        affinity: {
          nodeAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 50, preference: { matchExpressions: [{ key: 'pool', operator: 'In', values: ['spot'] }] } },
            ],
          },
        },
        labels: { team: 'a' },
      },
    },
  }),
}

export const ACTIVATION: Activation = {
  apiVersion: API,
  kind: 'Activation',
  metadata: { name: 'shopper', namespace: 'team-a', uid: 'activation-uid' },
  spec: activationSpec.parse({
    spaceRef: { name: 'default' },
    destinationRef: { name: 'warehouse' },
    computation: { audience: 'shopper' },
    classic: {},
  }),
}

const block = warehouseOf(DESTINATION.spec)
const { dialect, capabilities } = await openWarehouse(block, { secret: async () => '', baseDir: '/' })

export const CONFIG: SyncConfig = {
  version: 1,
  warehouse: block,
  order: compileWorkOrder(SPACE, DESTINATION, [ACTIVATION], {
    identifiers: dialect.identifiers,
    maxColumns: capabilities.maxColumns,
    installationId: 'test',
  }),
}
