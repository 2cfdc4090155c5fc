import { rename } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { World } from './world.ts'

const GONE = { deletionTimestamp: '2026-11-24T12:00:00Z' }
const carts = (name = 'carts', spec: object = {}, meta = {}) =>
  activationOf(
    name,
    {
      computation: { audience: 'abandoned_carts' },
      storageActions: { table: 'carts', triggers: ['EntityAdded'] },
      deletionPolicy: 'Delete',
      ...spec,
    },
    meta,
  )
const other = (meta = {}) => carts('other', { storageActions: { table: 'carts', triggers: ['EntityRemoved'] } }, meta)
const base = [destinationOf(), spaceOf(COMPUTATIONS)]
const isGone = (world: World, id: string) => !world.store.resources.has(id)

test('Delete drops the table that the activation made, and its traces in the ledger', async () => {
  await using world = await World.of(...base, carts())
  await world.reconcile()
  expect(world.store.get('Activation/carts').metadata.finalizers).toEqual(['engageops.dev/warehouse'])
  world.store.put(carts('carts', {}, GONE))
  await world.reconcile()
  expect(isGone(world, 'Activation/carts')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeUndefined()
  for (const table of ['objects', 'columns']) {
    expect(await world.query(`SELECT * FROM engageops.${table} WHERE table_name = 'carts'`)).toEqual([])
  }
})

test('Retain releases at once and never needs the warehouse', async () => {
  await using world = await World.of(...base, carts('carts', { deletionPolicy: 'Retain' }))
  await world.reconcile()
  expect(world.store.get('Activation/carts').metadata.finalizers).toBeUndefined()
  world.store.remove('WarehouseDestination/warehouse')
  world.store.put(carts('carts', { deletionPolicy: 'Retain' }, GONE))
  world.sessions = 0
  await world.reconcile()
  expect(isGone(world, 'Activation/carts')).toBe(true)
  expect(world.sessions).toBe(0)
  expect(await world.columns('default', 'carts')).toBeDefined()
})

test('a shared table is dropped by the last that leaves', async () => {
  await using world = await World.of(...base, carts(), other())
  await world.reconcile()
  world.store.put(carts('carts', {}, GONE))
  await world.reconcile()
  expect(isGone(world, 'Activation/carts')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeDefined()
  world.store.put(other(GONE))
  await world.reconcile()
  expect(isGone(world, 'Activation/other')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeUndefined()
})

test('deleting the loser of a conflict never harms the winner', async () => {
  await using world = await World.of(
    ...base,
    carts(),
    carts('z-loser', {}, { creationTimestamp: '2026-11-20T00:00:00Z' }),
  )
  await world.reconcile()
  expect(world.condition('Activation/z-loser')).toBe('False Conflict')
  expect(world.store.get('Activation/z-loser').metadata.finalizers).toBeUndefined()
  world.store.put(carts('z-loser', {}, GONE))
  await world.reconcile()
  expect(isGone(world, 'Activation/z-loser')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeDefined()
  expect(world.condition('Activation/carts')).toBe('True Ready')
})

test('classic tables belong to the space: deleting an activation drops none', async () => {
  const shopper = (meta = {}) =>
    activationOf(
      'shopper',
      { computation: { audience: 'first_time_shopper' }, classic: {}, deletionPolicy: 'Delete' },
      meta,
    )
  await using world = await World.of(...base, shopper())
  await world.reconcile()
  world.store.put(shopper(GONE))
  await world.reconcile()
  expect(isGone(world, 'Activation/shopper')).toBe(true)
  expect(await world.columns('engage_default', 'audience_entered')).toBeDefined()
})

test('Delete without its warehouse is blocked, says both ways out, and goes on when it is back', async () => {
  await using world = await World.of(...base, carts())
  await world.reconcile()
  const file = `${world.dir}/warehouse.duckdb`
  await rename(file, `${file}.away`)
  const { mkdir, rmdir } = await import('node:fs/promises')
  await mkdir(file)
  world.store.put(carts('carts', {}, GONE))
  await world.reconcile()
  expect(world.condition('Activation/carts')).toBe('False DeletionBlocked')
  expect(world.message('Activation/carts')).toContain('apply --prune --force-orphan')
  await rmdir(file)
  await rename(`${file}.away`, file)
  await world.reconcile()
  expect(isGone(world, 'Activation/carts')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeUndefined()
})

test('force-orphan releases an activation whose destination is gone', async () => {
  await using world = await World.of(...base, carts())
  await world.reconcile()
  world.store.remove('WarehouseDestination/warehouse')
  world.store.put(carts('carts', {}, GONE))
  await world.reconcile()
  expect(world.condition('Activation/carts')).toBe('False DeletionBlocked')
  world.store.put(carts('carts', {}, { ...GONE, annotations: { 'engageops.dev/force-orphan': 'true' } }))
  await world.reconcile()
  expect(isGone(world, 'Activation/carts')).toBe(true)
  expect(await world.columns('default', 'carts')).toBeDefined()
})

test('a resource that is made again under its name goes on with its table', async () => {
  await using world = await World.of(...base, carts('carts', { deletionPolicy: 'Retain' }))
  await world.reconcile()
  world.store.remove('Activation/carts')
  world.store.put(carts('carts', { deletionPolicy: 'Delete' }, { uid: 'another' }))
  await world.reconcile()
  expect(world.condition('Activation/carts')).toBe('True Ready')
  expect(
    await world.query("SELECT owner, owner_uid, created FROM engageops.objects WHERE table_name = 'carts'"),
  ).toEqual([{ owner: 'here/Activation/default/carts', owner_uid: 'another', created: 'true' }])
})

test('what one of the same name has left with Retain is not dropped', async () => {
  await using world = await World.of(...base, carts('carts', { deletionPolicy: 'Retain' }, { uid: 'first' }))
  await world.reconcile()
  world.store.remove('Activation/carts')
  const second = (meta = {}) =>
    carts('carts', { storageActions: { table: 'baskets', triggers: ['EntityAdded'] } }, { uid: 'second', ...meta })
  world.store.put(second())
  await world.reconcile()
  expect(await world.columns('default', 'baskets')).toBeDefined()
  world.store.put(second(GONE))
  await world.reconcile()
  expect(await world.columns('default', 'baskets')).toBeUndefined()
  expect(await world.columns('default', 'carts')).toBeDefined()
})

test('deleting spaces and destinations touches no warehouse', async () => {
  await using world = await World.of(...base)
  await world.reconcile()
  world.sessions = 0
  world.store.put(spaceOf(COMPUTATIONS, 'main', GONE), destinationOf({}, 'warehouse', GONE))
  await world.reconcile()
  expect(world.sessions).toBe(0)
  expect(world.store.resources.size).toBe(0)
  expect(await world.columns('engage_default', 'users')).toBeDefined()
})
