import type { KubeObject } from '../../src/kube/object.ts'
import type { Kind } from '../../src/model/resource.ts'

export interface Manifest extends KubeObject {
  kind: Kind
  spec: object
}

const manifest = (kind: Kind, namespace: string, name: string, spec: object): Manifest => ({
  apiVersion: 'engageops.dev/v1alpha1',
  kind,
  metadata: { namespace, name },
  spec,
})

/** Where Postgres is, as a destination says it; the password is in the Secret `postgres`. */
export interface PostgresAddress {
  host: string
  port: number
  database: string
}

/** A schedule that does not come due while a test runs. */
const NEVER = '0 0 29 2 *'

/** The destination `warehouse`: probed every minute. */
export const destination = (namespace: string, address: PostgresAddress, spec: object = {}, name = 'warehouse') =>
  manifest('WarehouseDestination', namespace, name, {
    postgres: {
      ...address,
      username: 'postgres',
      passwordSecretRef: { name: 'postgres', key: 'password' },
      sslMode: 'Disable',
    },
    sync: { schedule: NEVER },
    probeInterval: '1m',
    ...spec,
  })

/** A space that has the audience `shoppers` and the linked audience `carts`, and reads a volume. */
export const space = (namespace: string, name = 'main', spec: object = {}) =>
  manifest('EngageSpace', namespace, name, {
    name,
    destinations: [{ name: 'warehouse' }],
    sources: [{ name: 'files', volume: { claimName: 'calls' } }],
    audiences: [{ key: 'shoppers' }, { key: 'carts', type: 'Linked' }],
    ...spec,
  })

/** An activation with a table of its own, named as itself. */
export const activation = (namespace: string, name: string, spec: object = {}) =>
  manifest('Activation', namespace, name, {
    spaceRef: { name: 'main' },
    destinationRef: { name: 'warehouse' },
    computation: { audience: 'carts' },
    storageActions: { table: name.replaceAll('-', '_'), triggers: ['EntityAdded'] },
    ...spec,
  })
