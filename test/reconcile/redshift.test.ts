import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EngageResource } from '../../src/model/kinds.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { startRedshift } from '../warehouses/redshift-on-postgres.ts'
import { World } from './world.ts'

let server: Awaited<ReturnType<typeof startRedshift>>
beforeAll(async () => {
  server = await startRedshift()
})
afterAll(() => server.stop())

const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const carts = activationOf('carts', {
  computation: { audience: 'abandoned_carts' },
  storageActions: { table: 'carts', triggers: ['EntityAdded'] },
})
const computations = (type: string) => ({ computedTraits: [{ key: 'score', type }] })
const score = activationOf('score', { computation: { computedTrait: 'score' }, classic: {} })

/** A world on a database of its own. */
async function worldOf(spec: object, ...resources: EngageResource[]): Promise<World> {
  const redshift = {
    host: server.host,
    port: server.port,
    database: await server.createDatabase(),
    username: server.user,
    passwordSecretRef: { name: 'warehouse', key: 'password' },
    sslMode: 'Disable',
  }
  const world = await World.of(destinationOf({ redshift, ...spec }), ...resources)
  world.store.password = server.password
  return world
}

test('apply twice: ready at once, then nothing is sent and nothing written', async () => {
  await using world = await worldOf({}, spaceOf(COMPUTATIONS), shopper, carts)
  await world.reconcile()
  for (const id of ['WarehouseDestination/warehouse', 'EngageSpace/main', 'Activation/shopper', 'Activation/carts']) {
    expect(world.condition(id)).toBe('True Ready')
  }
  world.statements.length = 0
  await world.reconcile()
  expect(world.statements).toEqual([])
})

test('a crash at any statement leaves no half-made tables, and the next run converges', async () => {
  await using reference = await worldOf({}, spaceOf(COMPUTATIONS), shopper, carts)
  await reference.reconcile()
  const total = reference.statements.length
  for (let at = 1; at < total - 1; at += 6) {
    await using world = await worldOf({}, spaceOf(COMPUTATIONS), shopper, carts)
    world.beforeStatement = () => {
      if (world.statements.length === at) throw new Error('killed')
    }
    await expect(world.reconcile()).rejects.toThrow('killed')
    world.beforeStatement = () => undefined
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe('True Ready')
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])
  }
})

test('a dropped column comes back, a dropped table too', async () => {
  await using world = await worldOf({}, spaceOf(COMPUTATIONS), shopper, carts)
  await world.reconcile()
  await world.sql('ALTER TABLE engage_default.users DROP COLUMN first_time_shopper', 'DROP TABLE "default".carts')
  await world.reconcile()
  expect(await world.columns('engage_default', 'users')).toContain('first_time_shopper')
  expect(await world.columns('default', 'carts')).toContain('id')
})

test('a declared Json is no drift from the text that it is', async () => {
  await using world = await worldOf({}, spaceOf(computations('Json')), score)
  await world.reconcile()
  expect(world.condition('Activation/score')).toBe('True Ready')
  world.statements.length = 0
  await world.reconcile()
  expect(world.statements).toEqual([])
})

test('a type that is declared anew cannot be had in place, and says so', async () => {
  await using world = await worldOf({}, spaceOf(computations('Integer')), score)
  await world.reconcile()
  world.store.put(spaceOf(computations('String')))
  await world.reconcile()
  expect(world.condition('Activation/score')).toBe('False UnsupportedChange')
})
