import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { EngageResource } from '../../src/model/kinds.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { World } from './world.ts'

let server: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const carts = (spec: object = {}, meta = {}) =>
  activationOf(
    'carts',
    {
      computation: { audience: 'abandoned_carts' },
      storageActions: { table: 'carts', triggers: ['EntityAdded'] },
      ...spec,
    },
    meta,
  )

/** A world on a database of its own. */
async function worldOf(spec: object, ...resources: EngageResource[]): Promise<World> {
  const database = await server.createDatabase()
  const { host, port, user } = server
  const postgres = {
    host,
    port,
    database,
    username: user,
    passwordSecretRef: { name: 'pg', key: 'password' },
    sslMode: 'Disable',
  }
  const world = await World.of(destinationOf({ postgres, ...spec }), spaceOf(COMPUTATIONS), ...resources)
  world.store.password = server.password
  return world
}

test('apply twice: ready at once, then nothing is sent and nothing written', async () => {
  await using world = await worldOf({}, shopper, carts())
  await world.reconcile()
  for (const id of ['WarehouseDestination/warehouse', 'EngageSpace/main', 'Activation/shopper', 'Activation/carts']) {
    expect(world.condition(id)).toBe('True Ready')
  }
  world.statements.length = 0
  world.store.written.length = 0
  await world.reconcile()
  expect(world.statements).toEqual([])
  expect(world.store.written).toEqual([])
})

test('a crash at any statement leaves no half-made tables, and the next run converges', async () => {
  await using reference = await worldOf({}, shopper, carts())
  await reference.reconcile()
  const total = reference.statements.length
  for (let at = 1; at < total - 1; at += 6) {
    await using world = await worldOf({}, shopper, carts())
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

describe('drift and adoption', () => {
  test('a dropped column comes back, a dropped table too', async () => {
    await using world = await worldOf({}, shopper, carts())
    await world.reconcile()
    await world.sql('ALTER TABLE engage_default.users DROP COLUMN first_time_shopper', 'DROP TABLE "default".carts')
    await world.reconcile()
    expect(await world.columns('engage_default', 'users')).toContain('first_time_shopper')
    expect(await world.columns('default', 'carts')).toContain('entity_context')
  })

  test('a declared type that grows is changed in place', async () => {
    await using world = await worldOf({})
    const trait = (type: string) => spaceOf({ computedTraits: [{ key: 'orders', type }] })
    world.store.put(trait('Integer'))
    await world.reconcile()
    world.store.put(trait('Float'))
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe('True Ready')
    world.store.put(trait('Boolean'))
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe('False UnsupportedChange')
    expect(world.message('EngageSpace/main')).toContain('orders')
    expect(world.condition('EngageSpace/main', 'Stalled')).toBe('True UnsupportedChange')
  })

  test.each([
    ['id text', 'True Ready'],
    ['id integer', 'False AdoptionRefused'],
  ])('a table with %s: %s', async (columns, ready) => {
    await using world = await worldOf({}, carts())
    await world.sql('CREATE SCHEMA "default"', `CREATE TABLE "default".carts (${columns} PRIMARY KEY, theirs text)`)
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe(ready)
    expect((await world.columns('default', 'carts'))?.includes('entity_context')).toBe(ready === 'True Ready')
  })
})

test('Delete drops what it made', async () => {
  await using world = await worldOf({}, carts({ deletionPolicy: 'Delete' }))
  await world.reconcile()
  world.store.put(carts({ deletionPolicy: 'Delete' }, { deletionTimestamp: '2026-11-24T12:00:00Z' }))
  await world.reconcile()
  expect(world.store.resources.has('Activation/carts')).toBe(false)
  expect(await world.columns('default', 'carts')).toBeUndefined()
})

test('a wrong password is a condition that says so, and a new one heals it', async () => {
  await using world = await worldOf({}, shopper)
  await server.run('postgres', "CREATE ROLE engage_writer LOGIN PASSWORD 'right'")
  const destination = world.store.get('WarehouseDestination/warehouse')
  if (destination.kind !== 'WarehouseDestination' || !destination.spec.postgres) throw new Error('no Postgres')
  const { postgres } = destination.spec
  await server.run(postgres.database, `GRANT CREATE ON DATABASE "${postgres.database}" TO engage_writer`)
  world.store.put({
    ...destination,
    spec: { ...destination.spec, postgres: { ...postgres, username: 'engage_writer' } },
  })
  world.store.password = 'wrong'
  await world.reconcile()
  expect(world.condition('WarehouseDestination/warehouse')).toBe('False AuthenticationFailed')
  expect(world.message('WarehouseDestination/warehouse')).not.toContain('wrong')
  world.store.password = 'right'
  await world.reconcile()
  expect(world.condition('Activation/shopper')).toBe('True Ready')
})
