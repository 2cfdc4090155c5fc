import { expect, test } from 'vitest'
import { readResources } from '../../src/reconcile/context.ts'
import { loadableOrder } from '../../src/reconcile/loadable-order.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { World } from './world.ts'

const RULES = { identifiers: { maxBytes: 63, reserved: new Set<string>() }, maxColumns: 500, installationId: 'here' }
const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const carts = activationOf('carts', {
  computation: { audience: 'abandoned_carts' },
  storageActions: { table: 'carts', triggers: ['EntityAdded'] },
})

async function orderOf({ store }: World) {
  const { spaces, destinations, activations } = await readResources(store)
  const [space, destination] = [spaces[0], destinations[0]]
  if (!space || !destination) throw new Error('no pair')
  const order = loadableOrder(space, destination, activations, RULES)
  return {
    classic: order.classic?.activations.map(({ name }) => name),
    storageActions: order.storageActions.map(({ name }) => name),
    schemas: new Set(order.tables.map(({ schema }) => schema)),
  }
}

test('what was never reconciled is not loaded; then all is', async () => {
  await using world = await World.of(destinationOf(), spaceOf(COMPUTATIONS), shopper, carts)
  expect(await orderOf(world)).toEqual({ classic: undefined, storageActions: [], schemas: new Set(['engageops']) })
  await world.reconcile()
  expect(await orderOf(world)).toMatchObject({ classic: ['shopper'], storageActions: ['carts'] })
})

test('tables of other people are never loaded into', async () => {
  await using world = await World.of(destinationOf(), spaceOf(COMPUTATIONS), shopper, carts)
  await world.sql(
    'CREATE SCHEMA engage_default',
    'CREATE TABLE engage_default.users (id INTEGER)',
    'CREATE SCHEMA "default"',
    'CREATE VIEW "default".carts AS SELECT 1 AS id',
  )
  await world.reconcile()
  expect(await orderOf(world)).toEqual({ classic: undefined, storageActions: [], schemas: new Set(['engageops']) })
})

test('drift that is only reported does not stop the load', async () => {
  await using world = await World.of(destinationOf({ driftPolicy: { mode: 'Report' } }), spaceOf(COMPUTATIONS), carts)
  await world.reconcile()
  await world.sql('ALTER TABLE "default".carts DROP COLUMN event_name')
  await world.reconcile()
  expect(world.condition('Activation/carts', 'SchemaReady')).toBe('False Drifted')
  expect(await orderOf(world)).toMatchObject({ storageActions: ['carts'] })
})
