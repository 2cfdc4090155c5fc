import { expect, test, vi } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { EngageResource } from '../../src/model/kinds.ts'
import type { BigQuerySettings } from '../../src/model/warehouse-block.ts'
import { readResources, warehouseFor } from '../../src/reconcile/context.ts'
import { estimateMerges } from '../../src/reconcile/estimates.ts'
import { planSpace } from '../../src/reconcile/schema.ts'
import { clientOf } from '../../src/warehouses/bigquery/config.ts'
import type { Estimator } from '../../src/warehouses/port.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { describeOnBigQuery } from '../warehouses/bigquery-server.ts'
import { World } from './world.ts'

// The emulator takes a tenth of a second for every statement.
vi.setConfig({ testTimeout: 240_000 })

const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const carts = activationOf('carts', {
  computation: { audience: 'abandoned_carts' },
  storageActions: { table: 'carts', triggers: ['EntityAdded'] },
  deletionPolicy: 'Delete',
})
const space = spaceOf(COMPUTATIONS)

describeOnBigQuery('tables, their views and their end, on the emulator', (server) => {
  /** A world on a project of its own; `destination` is it again, with or without views. */
  const worldOf = async (...resources: EngageResource[]) => {
    const settings = server().newProject()
    const destination = (views?: BigQuerySettings['views'], spec: object = {}) =>
      destinationOf({ bigquery: { ...settings, ...(views && { views }) }, ...spec })
    const world = await World.of(destination({ lastDays: 60 }), ...resources)
    world.store.password = server().key
    return { world, destination, settings }
  }
  const viewsOf = async (world: World) => {
    await using session = await world.session()
    const { tables } = await session.observe(['engage_default', 'default'])
    return tables
      .filter(({ kind }) => kind === 'View')
      .map(({ schema, name }) => `${schema}.${name}`)
      .sort()
  }
  const VIEWS = [
    'default.carts_view',
    'engage_default.audience_entered_view',
    'engage_default.audience_exited_view',
    'engage_default.identifies_view',
    'engage_default.users_view',
  ]

  const isView = (sql: string) => sql.startsWith('CREATE OR REPLACE VIEW')

  test('each table has one, also after a crash, made once, and none without the option', async () => {
    const { world, destination } = await worldOf(space, shopper, carts)
    await using _ = world
    world.beforeStatement = (sql) => {
      if (isView(sql) && world.statements.some(isView)) throw new Error('killed')
    }
    await expect(world.reconcile()).rejects.toThrow('killed')
    world.beforeStatement = () => undefined
    const states = () => ['EngageSpace/main', 'Activation/carts'].map((id) => world.condition(id, 'SchemaReady'))
    // What was killed may have left a statement running.
    await world.reconcile()
    expect(states()).toEqual(['False LeaseHeld', 'False LeaseHeld'])
    world.now = new Date(world.now.getTime() + 301_000)
    await world.reconcile()
    expect(states()).toEqual(['True Ready', 'True Ready'])
    expect(await viewsOf(world)).toEqual(VIEWS)
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])

    await world.sql(
      "INSERT INTO `default`.`carts` (id, uuid_ts, received_at) VALUES ('a', TIMESTAMP '2026-01-01 00:00:00Z', CURRENT_TIMESTAMP())",
      "INSERT INTO `default`.`carts` (id, uuid_ts, received_at) VALUES ('a', TIMESTAMP '2026-01-02 00:00:00Z', TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 40 DAY))",
      "INSERT INTO `default`.`carts` (id, uuid_ts, received_at) VALUES ('b', TIMESTAMP '2026-01-03 00:00:00Z', TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 62 DAY))",
    )
    expect(await world.query('SELECT id, uuid_ts FROM `default`.`carts_view`')).toEqual([
      { id: 'a', uuid_ts: '2026-01-02T00:00:00Z' },
    ])

    world.store.put(destination())
    await world.reconcile()
    expect(await viewsOf(world)).toEqual([])
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])
  })

  test('one of somebody else is left alone, one of ours follows its table', async () => {
    const { world } = await worldOf(space, carts)
    await using _ = world
    const theirs = 'CREATE VIEW `default`.`carts_view` AS SELECT 1 AS one'
    await world.sql('CREATE SCHEMA `default`', theirs)
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe('True Ready')
    expect(world.condition('Activation/carts', 'SchemaReady')).toBe('False ViewRefused')
    expect(world.message('Activation/carts', 'SchemaReady')).toContain('default.carts_view')
    expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe('True Ready')
    expect(await world.columns('default', 'carts_view')).toEqual(['one'])

    await world.sql('DROP VIEW `default`.`carts_view`', 'DROP VIEW `engage_default`.`users_view`')
    await world.reconcile()
    expect(await viewsOf(world)).toEqual(['default.carts_view', 'engage_default.users_view'])

    const columns = [{ name: 'plan', type: 'String', path: '$.properties.plan' }]
    const storageActions = { ...carts.spec.storageActions, columns }
    world.store.put(activationOf('carts', { ...carts.spec, storageActions }))
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements.filter(isView)).toHaveLength(1)
    expect(await world.columns('default', 'carts_view')).toContain('plan')
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])

    world.store.put(activationOf('carts', carts.spec, { deletionTimestamp: '2026-11-24T12:00:00Z' }))
    await world.reconcile()
    expect(await viewsOf(world)).toEqual(['engage_default.users_view'])
    expect(await world.columns('default', 'carts')).toBeUndefined()
  })

  test('a dataset whose tables end by themselves is told of, with the SQL that stops it', async () => {
    const { world, settings } = await worldOf(space, carts)
    await using _ = world
    await world.reconcile()
    expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe('True Ready')
    // The emulator has no ALTER SCHEMA.
    const expireAfter = async (milliseconds: number | null) => {
      const { client } = await clientOf(settings, { baseDir: '.', secret: async () => server().key })
      await client.dataset('engage_default').setMetadata({ defaultTableExpirationMs: milliseconds })
    }
    await expireAfter(60 * 24 * 3600_000)
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe('True Ready')
    expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe('False DataExpires')
    expect(world.message('EngageSpace/main', 'SchemaReady')).toContain('after 60 days')
    expect(world.condition('Activation/carts', 'SchemaReady')).toBe('True Ready')
    await expireAfter(null)
    await world.reconcile()
    expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe('True Ready')
  })

  test('each table that is there is asked for what a merge into it would read', async () => {
    const { world, destination } = await worldOf(space, shopper, carts)
    await using _ = world
    await world.reconcile()
    const pair = { space, destination: destination(), resources: await readResources(world.store) }
    const plan = await planSpace(world.context, pair)
    const { estimator, ...warehouse } = await warehouseFor(world.context, pair.destination)
    if (!estimator) throw new Error('BigQuery is paid by what statements read')
    const dry = await estimateMerges({ ...warehouse, estimator }, plan, world.now)
    expect(dry.map((estimate) => 'bytes' in estimate && estimate.bytes)).toEqual([0, 0, 0, 0, 0])
    for (const { table } of dry) expect(await world.query(`SELECT id FROM ${table}`)).toEqual([])
    const refusal = new EngageError('PermissionDenied', 'Stalled', 'no right')
    const unknown = { unknown: 'PermissionDenied: no right' }
    const answered = (bytesOf: Estimator['bytesOf']) =>
      estimateMerges({ ...warehouse, estimator: { ...estimator, bytesOf } }, plan, world.now)
    const [first, ...others] = await answered(async (all) => all.map((_, number) => (number === 0 ? refusal : 1)))
    expect(first).toEqual({ table: 'engage_default.identifies', ...unknown })
    expect(others).toHaveLength(4)
    for (const estimate of others) expect(estimate).toHaveProperty('bytes')
    for (const estimate of await answered(() => Promise.reject(refusal))) expect(estimate).toMatchObject(unknown)
    // The emulator's dry runs do not look at DML and tell 0 bytes: here the statements run.
    await using session = await world.session()
    const bytesOf = async (statements: readonly string[]) => {
      for (const sql of statements) await session.execute(sql)
      return statements.map(() => 1)
    }
    const estimates = await answered(bytesOf)
    expect(estimates).toEqual([
      { table: 'engage_default.identifies', bytes: 1 },
      { table: 'engage_default.users', bytes: 3 },
      { table: 'engage_default.audience_entered', bytes: 1 },
      { table: 'engage_default.audience_exited', bytes: 1 },
      { table: 'default.carts', bytes: 1 },
    ])
    // Of users the statements meet others each time, since nothing is known of the stand-in.
    for (const { table } of estimates.filter((it) => it.table !== 'engage_default.users')) {
      expect(await world.query(`SELECT id FROM ${table}`)).toHaveLength(1)
    }
  })
})
