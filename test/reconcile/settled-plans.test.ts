import { expect, test } from 'vitest'
import type { RecordedRun } from '../../src/model/status.ts'
import { SettledPlans } from '../../src/reconcile/settled-plans.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { World } from './world.ts'

const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const carts = activationOf('carts', {
  computation: { audience: 'abandoned_carts' },
  storageActions: { table: 'carts', triggers: ['EntityAdded'] },
})
const run: RecordedRun = {
  destination: 'warehouse',
  runId: 'run-1',
  start: '2026-11-24T12:00:00Z',
  end: '2026-11-24T12:01:00Z',
  status: 'Success',
  rows: 1,
  notices: [],
}

/** How many sessions a further look at the space opens; the connection test has one of its own. */
async function sessionsOf(world: World, settledPlans: SettledPlans): Promise<number> {
  const before = world.sessions
  await world.reconcile({ ...world.context, settledPlans })
  return world.sessions - before - 1
}

const onSync = (spec: object = {}) => destinationOf({ driftPolicy: { interval: 'OnSync' }, ...spec })

test('tables that are compared OnSync are looked at once, then after an edit and after a sync', async () => {
  await using world = await World.of(onSync(), spaceOf(COMPUTATIONS), shopper)
  const settled = new SettledPlans()
  expect(await sessionsOf(world, settled)).toBe(1)
  expect(await sessionsOf(world, settled)).toBe(0)
  expect(world.condition('Activation/shopper')).toBe('True Ready')

  world.store.put(carts)
  expect(await sessionsOf(world, settled)).toBe(1)
  expect(await sessionsOf(world, settled)).toBe(0)
  expect(world.condition('Activation/carts')).toBe('True Ready')

  const space = world.store.get('EngageSpace/main')
  if (space.kind !== 'EngageSpace' || !space.status) throw new Error('the space has no status')
  world.store.put({ ...space, status: { ...space.status, lastSync: run } })
  expect(await sessionsOf(world, settled)).toBe(1)
  expect(await sessionsOf(world, settled)).toBe(0)

  settled.forget('default/main')
  expect(await sessionsOf(world, settled)).toBe(1)
})

test('elsewhere every look is a real one, and so is one after which something is left to be done', async () => {
  await using usual = await World.of(destinationOf(), spaceOf(COMPUTATIONS), shopper)
  const settled = new SettledPlans()
  expect([await sessionsOf(usual, settled), await sessionsOf(usual, settled)]).toEqual([1, 1])

  await using refused = await World.of(onSync(), spaceOf(COMPUTATIONS), carts)
  await refused.sql('CREATE SCHEMA "default"', 'CREATE TABLE "default".carts (id integer)')
  expect([await sessionsOf(refused, settled), await sessionsOf(refused, settled)]).toEqual([1, 1])
  expect(refused.condition('Activation/carts')).toBe('False AdoptionRefused')
  await refused.sql('DROP TABLE "default".carts')
  expect(await sessionsOf(refused, settled)).toBe(1)
  expect(refused.condition('Activation/carts')).toBe('True Ready')
})
