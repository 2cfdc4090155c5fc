import { expect, test } from 'vitest'
import type { ReconcileContext } from '../../src/reconcile/context.ts'
import { freeLease } from '../../src/reconcile/free-lease.ts'
import { COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { World } from './world.ts'

const OF = { namespace: 'default', space: 'main', destination: 'warehouse' }

async function withLease(): Promise<World> {
  const world = await World.of(destinationOf(), spaceOf(COMPUTATIONS))
  await world.reconcile()
  await world.sql("UPDATE engageops.leases SET holder = 'job-1', expires_at = '2026-11-24 13:00:00'")
  return world
}
const isHeld = async (world: World) =>
  (await world.query("SELECT scope FROM engageops.leases WHERE expires_at > '2026-11-24 12:00:00'")).length > 0

test('a lease of a Job that was killed is freed, that of another is not', async () => {
  await using world = await withLease()
  expect(await freeLease(world.context, OF, 'job-2')).toBeUndefined()
  expect(await isHeld(world)).toBe(true)
  expect(await freeLease(world.context, OF, 'job-1')).toBeUndefined()
  expect(await isHeld(world)).toBe(false)
})

test('without transactions its last statement may still run: the lease is left alone, and the wait is told', async () => {
  await using world = await withLease()
  const openWarehouse: ReconcileContext['openWarehouse'] = async (...given) => {
    const warehouse = await world.context.openWarehouse(...given)
    return { ...warehouse, capabilities: { ...warehouse.capabilities, transactions: false } }
  }
  expect(await freeLease({ ...world.context, openWarehouse }, OF, 'job-1')).toContain('60 minutes at most')
  expect(await isHeld(world)).toBe(true)
})
