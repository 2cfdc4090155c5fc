import { existsSync, readdirSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { readResources } from '../../src/reconcile/context.ts'
import { planSpace } from '../../src/reconcile/schema.ts'
import { activationOf, COMPUTATIONS, destinationOf, spaceOf } from '../plan/resources.ts'
import { World } from './world.ts'

const shopper = activationOf('shopper', { computation: { audience: 'first_time_shopper' }, classic: {} })
const revenue = activationOf('revenue', { computation: { computedTrait: 'total_revenue_180_days' }, classic: {} })
const carts = (spec: object = {}, name = 'carts', meta = {}) =>
  activationOf(
    name,
    {
      computation: { audience: 'abandoned_carts' },
      storageActions: { table: 'carts', triggers: ['EntityAdded'] },
      ...spec,
    },
    meta,
  )
const everything = [destinationOf(), spaceOf(COMPUTATIONS), shopper, revenue, carts()]
const READY = 'True Ready'

describe('a fresh warehouse', () => {
  test('gets schemas, tables, owners and a registry; everybody is ready', async () => {
    await using world = await World.of(...everything)
    await world.reconcile()
    for (const id of ['WarehouseDestination/warehouse', 'EngageSpace/main', 'Activation/shopper', 'Activation/carts']) {
      expect(world.condition(id)).toBe(READY)
    }
    expect(world.condition('Activation/carts', 'SchemaReady')).toBe(READY)
    expect(world.condition('Activation/carts', 'SyncHealthy')).toBe('Unknown NeverSynced')
    const objects = await world.query('SELECT table_name, owner, created FROM engageops.objects ORDER BY table_name')
    const space = 'here/EngageSpace/default/main'
    expect(objects).toEqual([
      { table_name: 'audience_entered', owner: space, created: 'true' },
      { table_name: 'audience_exited', owner: space, created: 'true' },
      { table_name: 'carts', owner: 'here/Activation/default/carts', created: 'true' },
      { table_name: 'identifies', owner: space, created: 'true' },
      { table_name: 'trait_computed', owner: space, created: 'true' },
      { table_name: 'users', owner: space, created: 'true' },
      { table_name: 'users_of_engage_default', owner: space, created: 'true' },
    ])
    expect(
      await world.query(
        "SELECT column_name, type, origin FROM engageops.columns WHERE table_name = 'users' ORDER BY column_name LIMIT 2",
      ),
    ).toEqual([
      { column_name: 'abandoned_carts', type: 'Boolean', origin: 'Declared' },
      { column_name: 'first_time_shopper', type: 'Boolean', origin: 'Declared' },
    ])
    const status = world.store.get('Activation/carts').status
    expect(status).toMatchObject({ schema: 'default', tables: [{ schema: 'default', name: 'carts' }] })
    const trait = world.store.get('Activation/revenue')
    expect(
      trait.kind === 'Activation' && trait.status?.tables.map(({ name, columns }) => [name, columns.at(-1)?.name]),
    ).toEqual([
      ['identifies', 'total_revenue_180_days'],
      ['users', 'total_revenue_180_days'],
      ['trait_computed', 'trait_key'],
    ])
    expect(world.store.get('EngageSpace/main').status).toMatchObject({
      schemas: [{ destination: 'warehouse', classic: 'engage_default', storageActions: 'default' }],
      nextSyncTime: '2026-11-24T13:00:00Z',
    })
  })

  test('a second time nothing is sent and nothing is written', async () => {
    await using world = await World.of(...everything)
    await world.reconcile()
    world.statements.length = 0
    world.store.written.length = 0
    world.store.events.length = 0
    world.now = new Date('2026-11-24T12:30:00Z')
    await world.reconcile()
    expect(world.statements).toEqual([])
    expect(world.store.written).toEqual([])
    expect(world.store.events).toEqual([])
  })

  test('a plan is the whole work and touches nothing', async () => {
    await using world = await World.of(...everything)
    const resources = await readResources(world.store)
    const [space] = resources.spaces
    const [destination] = resources.destinations
    if (!space || !destination) throw new Error('no pair')
    const { plan } = await planSpace(world.context, { space, destination, resources })
    expect(plan.statements[0]).toBe('CREATE SCHEMA IF NOT EXISTS "engageops"')
    expect(world.statements).toEqual([])
    await world.reconcile()
    expect((await planSpace(world.context, { space, destination, resources })).plan.changes).toEqual([])
  })

  test('an activation that comes later adds its columns, and only these', async () => {
    await using world = await World.of(...everything.filter((resource) => resource !== revenue))
    await world.reconcile()
    world.statements.length = 0
    world.store.put(revenue)
    await world.reconcile()
    const ddl = world.statements
      .filter((sql) => /^(CREATE|ALTER|DROP)/.test(sql))
      .map((sql) => sql.split('(')[0]?.trim())
    expect(ddl).toEqual([
      'ALTER TABLE "engage_default"."identifies" ADD COLUMN IF NOT EXISTS "total_revenue_180_days" DOUBLE',
      'CREATE TABLE IF NOT EXISTS "engage_default"."trait_computed"',
    ])
  })
})

describe('crashes', () => {
  test('between any two statements: the next run converges', async () => {
    await using reference = await World.of(...everything)
    await reference.reconcile()
    const total = reference.statements.length
    expect(total).toBeGreaterThan(20)
    // The last statement gives the lease back, and may fail: the lease expires.
    for (let at = 0; at < total - 1; at += 3) {
      await using world = await World.of(...everything)
      world.beforeStatement = () => {
        if (world.statements.length === at) throw new Error('killed')
      }
      await expect(world.reconcile()).rejects.toThrow('killed')
      world.beforeStatement = () => undefined
      await world.reconcile()
      expect(world.condition('Activation/carts')).toBe(READY)
      expect(await world.query('SELECT count(*) AS n FROM engageops.objects')).toEqual([{ n: '7' }])
      expect(await world.query('SELECT count(*) AS n FROM engageops.columns')).toEqual(
        await reference.query('SELECT count(*) AS n FROM engageops.columns'),
      )
      world.statements.length = 0
      await world.reconcile()
      expect(world.statements).toEqual([])
    }
  })

  test('between the tables and the status: the status follows, the tables stay', async () => {
    await using world = await World.of(...everything)
    world.store.beforeStatus = ({ kind }) => {
      if (kind === 'EngageSpace') throw new Error('killed')
    }
    await expect(world.reconcile()).rejects.toThrow('killed')
    world.store.beforeStatus = () => undefined
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])
    expect(world.condition('EngageSpace/main')).toBe(READY)
  })
})

describe('references', () => {
  test('heal when they appear, in any order', async () => {
    await using world = await World.of(shopper)
    await world.reconcile()
    expect(world.condition('Activation/shopper')).toMatch(/^False (Destination|Space)NotFound$/)
    expect(world.condition('Activation/shopper', 'Reconciling')).toMatch(/^True/)
    expect(world.condition('Activation/shopper', 'Stalled')).toMatch(/^False/)
    world.store.put(spaceOf({ destinations: [] }))
    await world.reconcile()
    world.store.put(destinationOf())
    await world.reconcile()
    expect(world.condition('Activation/shopper')).toBe('False DestinationNotConnected')
    world.store.put(spaceOf({}))
    await world.reconcile()
    expect(world.condition('Activation/shopper')).toBe('False ComputationNotFound')
    world.store.put(spaceOf(COMPUTATIONS))
    await world.reconcile()
    expect(world.condition('Activation/shopper')).toBe(READY)
    expect(world.condition('Activation/shopper', 'Reconciling')).toMatch(/^False/)
  })

  test('one destination that fails does not stop the other, and is tried once', async () => {
    const bad = destinationOf({ duckdb: { path: 'no/file' } }, 'bad')
    const space = spaceOf({ ...COMPUTATIONS, destinations: [{ name: 'bad' }, { name: 'warehouse' }] })
    const there = activationOf('there', {
      computation: { audience: 'first_time_shopper' },
      classic: {},
      destinationRef: { name: 'bad' },
    })
    await using world = await World.of(bad, destinationOf(), space, shopper, there)
    const fs = await import('node:fs/promises')
    await fs.writeFile(`${world.dir}/no`, 'a file where a folder is needed')
    await world.reconcile()
    expect(world.condition('WarehouseDestination/bad')).toMatch(/^False/)
    expect(world.store.get('WarehouseDestination/bad').status).toMatchObject({ connection: { state: 'Failed' } })
    expect(world.condition('Activation/there')).toBe('False DestinationNotReady')
    expect(world.condition('Activation/shopper')).toBe(READY)
    expect(world.condition('EngageSpace/main')).toBe('False DestinationNotReady')
  })

  test('a mapping that the API server let through stops its own activation, and no other', async () => {
    const mapping = { properties: { plan: { '@bogus': 1 } } }
    const storageActions = { table: 'bad', triggers: ['EntityRemoved'], mapping }
    const bad = activationOf('bad', { computation: { audience: 'abandoned_carts' }, storageActions })
    await using world = await World.of(...everything, bad)
    await world.reconcile()
    expect(world.condition('Activation/bad')).toBe('False InvalidSpec')
    expect(world.condition('EngageSpace/main')).toBe(READY)
    expect(world.condition('Activation/carts')).toBe(READY)
    expect(world.store.get('Activation/bad').status?.conditions).toContainEqual(
      expect.objectContaining({
        type: 'Ready',
        message: expect.stringMatching(
          /^spec\.storageActions\.mapping\.properties\.plan: @bogus is no directive: write /,
        ),
      }),
    )
  })

  test('a suspended activation holds back, and its tables stay', async () => {
    await using world = await World.of(...everything)
    await world.reconcile()
    world.store.put(carts({ suspend: true }))
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe('False Suspended')
    expect(await world.columns('default', 'carts')).toContain('entity_context')
    const [suspended] = (await world.store.activations()).filter(({ metadata }) => metadata.name === 'carts')
    expect(suspended?.status?.tables.map(({ name }) => name)).toEqual(['carts'])
  })
})

describe('drift', () => {
  const drop = 'ALTER TABLE engage_default.users DROP COLUMN first_time_shopper'

  test.each([
    ['Correct', true, READY],
    ['Report', false, 'False Drifted'],
    ['Ignore', false, READY],
  ] as const)('%s', async (mode, comesBack, schemaReady) => {
    await using world = await World.of(destinationOf({ driftPolicy: { mode } }), ...everything.slice(1))
    await world.reconcile()
    await world.sql(drop, 'ALTER TABLE engage_default.users ADD COLUMN theirs INTEGER')
    world.statements.length = 0
    await world.reconcile()
    const columns = await world.columns('engage_default', 'users')
    expect(columns?.includes('first_time_shopper')).toBe(comesBack)
    expect(columns).toContain('theirs')
    expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe(schemaReady)
    expect(world.condition('EngageSpace/main')).toBe(READY)
    if (!comesBack) expect(world.statements).toEqual([])
  })

  test('a table that somebody dropped is made again as a new incarnation, so that it is filled again', async () => {
    await using world = await World.of(...everything)
    await world.reconcile()
    const incarnations = () =>
      world.query(
        "SELECT table_name, incarnation FROM engageops.objects WHERE table_name IN ('users', 'carts') ORDER BY 1",
      )
    const before = await incarnations()
    await world.sql('DROP TABLE "default".carts')
    await world.reconcile()
    const after = await incarnations()
    expect(after[0]?.incarnation).not.toBe(before[0]?.incarnation)
    expect(after[1]).toEqual(before[1])
    expect(await world.columns('default', 'carts')).toContain('entity_context')
  })

  test('a column that a sync found counts as declared', async () => {
    await using world = await World.of(...everything)
    await world.reconcile()
    await world.sql(
      'ALTER TABLE "default".carts ADD COLUMN color VARCHAR',
      `INSERT INTO engageops.columns VALUES ('default', 'carts', 'color', NULL, 'String', 'Inferred', 'run-1', now())`,
    )
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])
    await world.sql('ALTER TABLE "default".carts DROP COLUMN color')
    await world.reconcile()
    expect(await world.columns('default', 'carts')).toContain('color')
  })
})

describe('adoption', () => {
  const table = (columns: string) => ['CREATE SCHEMA "default"', `CREATE TABLE "default".carts (${columns})`]

  test('a table that fits is taken over, and is still not ours to drop', async () => {
    await using world = await World.of(destinationOf(), spaceOf(COMPUTATIONS), carts({ deletionPolicy: 'Delete' }))
    await world.sql(...table('id VARCHAR, received_at TIMESTAMP, theirs INTEGER'))
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe(READY)
    expect(await world.columns('default', 'carts')).toEqual(expect.arrayContaining(['theirs', 'entity_context']))
    world.store.put(carts({ deletionPolicy: 'Delete' }, 'carts', { deletionTimestamp: '2026-11-24T12:00:00Z' }))
    await world.reconcile()
    expect(() => world.store.get('Activation/carts')).toThrow()
    expect(await world.columns('default', 'carts')).toContain('theirs')
  })

  test.each([
    ['IfCompatible', 'id INTEGER', 'False AdoptionRefused'],
    ['Never', 'id VARCHAR', 'False AdoptionRefused'],
    ['Always', 'id INTEGER', READY],
  ])('%s, with %s: %s', async (adoptionPolicy, columns, ready) => {
    await using world = await World.of(destinationOf({ adoptionPolicy }), ...everything.slice(1))
    await world.sql(...table(columns))
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe(ready)
    expect(world.condition('Activation/shopper')).toBe(READY)
    if (ready !== READY) {
      expect(await world.columns('default', 'carts')).toEqual(['id'])
      expect(world.condition('Activation/carts', 'Stalled')).toBe('True AdoptionRefused')
      expect(world.message('Activation/carts')).toContain('default.carts')
    }
    world.statements.length = 0
    await world.reconcile()
    expect(world.statements).toEqual([])
  })

  test('a view of that name is refused', async () => {
    await using world = await World.of(...everything)
    await world.sql('CREATE SCHEMA "default"', 'CREATE VIEW "default".carts AS SELECT 1 AS id')
    await world.reconcile()
    expect(world.condition('Activation/carts')).toBe('False AdoptionRefused')
    expect(world.message('Activation/carts')).toContain('view')
  })
})

describe('drops', () => {
  const fewer = { ...COMPUTATIONS, computedTraits: [] }
  const dropping = destinationOf({ schemaPolicy: { dropObjects: 'Approve' } })

  test('a trait that left the space keeps its column, unless drops may be approved', async () => {
    await using world = await World.of(destinationOf(), spaceOf(COMPUTATIONS))
    await world.reconcile()
    world.store.put(spaceOf(fewer))
    await world.reconcile()
    expect(await world.columns('engage_default', 'users')).toContain('total_revenue_180_days')
    expect(world.condition('EngageSpace/main')).toBe(READY)
  })

  test('a drop waits for the approval of exactly its hash; the rest is done meanwhile', async () => {
    await using world = await World.of(dropping, spaceOf(COMPUTATIONS))
    await world.reconcile()
    const changed = { ...fewer, journeys: [{ key: 'welcome' }, { key: 'second' }] }
    world.store.put(spaceOf(changed))
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe('False AwaitingApproval')
    expect(await world.columns('engage_default', 'users')).toEqual(
      expect.arrayContaining(['total_revenue_180_days', 'second']),
    )
    const space = world.store.get('EngageSpace/main')
    const hash = space.kind === 'EngageSpace' ? (space.status?.plan?.hash ?? '') : ''
    expect(world.message('EngageSpace/main')).toContain(hash)
    const approve = (value: string) =>
      spaceOf(changed, 'main', { annotations: { 'engageops.dev/approve-plan': value } })
    world.store.put(approve('0000000000000000'))
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe('False AwaitingApproval')
    world.store.put(approve(hash))
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe(READY)
    expect(await world.columns('engage_default', 'users')).not.toContain('total_revenue_180_days')
    expect(await world.columns('engageops', 'users_of_engage_default')).not.toContain('total_revenue_180_days')
  })

  test('suspending or losing an activation never plans a drop', async () => {
    await using world = await World.of(dropping, ...everything.slice(1))
    await world.reconcile()
    world.store.put(carts({ suspend: true }))
    world.store.remove('Activation/shopper')
    world.statements.length = 0
    await world.reconcile()
    expect(world.condition('EngageSpace/main')).toBe(READY)
    expect(world.statements).toEqual([])
  })
})

test('a table that is full is told of, and the load goes on', async () => {
  const traits = Array.from({ length: 30 }, (_, index) => ({ key: `t${10 + index}`, type: 'Integer' }))
  const space = spaceOf({ computedTraits: traits })
  await using world = await World.of(destinationOf({ schemaPolicy: { maxColumns: 20 } }), space)
  await world.reconcile()
  expect(world.condition('EngageSpace/main', 'SchemaReady')).toBe('False ColumnLimit')
  expect(world.message('EngageSpace/main', 'SchemaReady')).toContain('engage_default.users')
  expect(world.condition('EngageSpace/main')).toBe(READY)
  expect(await world.columns('engage_default', 'users')).toHaveLength(19)
})

test('an activation that declares more columns than a table takes is told so, and loads', async () => {
  const columns = Array.from({ length: 30 }, (_, index) => ({ name: `c${index}`, type: 'Integer', path: '$.event' }))
  const storageActions = { table: 'carts', triggers: ['EntityAdded'], columns }
  const destination = destinationOf({ schemaPolicy: { maxColumns: 20 } })
  await using world = await World.of(destination, spaceOf(COMPUTATIONS), carts({ storageActions }))
  await world.reconcile()
  expect(world.condition('Activation/carts', 'SchemaReady')).toBe('False ColumnLimit')
  expect(world.message('Activation/carts', 'SchemaReady')).toContain('default.carts: all 20 columns')
  expect(world.condition('Activation/carts')).toBe(READY)
})

test('a ledger of another installation or another warehouse is not written to', async () => {
  await using world = await World.of(...everything)
  await world.reconcile()
  world.statements.length = 0
  await world.reconcile({ ...world.context, installationId: 'elsewhere' })
  expect(world.condition('EngageSpace/main')).toBe('False WarehouseChanged')
  expect(world.condition('EngageSpace/main', 'Stalled')).toBe('True WarehouseChanged')
  expect(world.message('EngageSpace/main')).toContain('here')
  expect(world.statements).toEqual([])

  const { copyFile } = await import('node:fs/promises')
  await copyFile(`${world.dir}/warehouse.duckdb`, `${world.dir}/copy.duckdb`)
  world.store.put(destinationOf({ duckdb: { path: 'copy.duckdb' } }))
  await world.reconcile()
  expect(world.condition('EngageSpace/main')).toBe('False WarehouseChanged')
})

test('DuckDB in a cluster is refused, and its file is not made', async () => {
  await using world = await World.of(...everything)
  await world.reconcile({ ...world.context, mode: 'Cluster' })
  expect(world.condition('WarehouseDestination/warehouse')).toBe('False LocalModeOnly')
  expect(world.condition('WarehouseDestination/warehouse', 'Stalled')).toBe('True LocalModeOnly')
  expect(readdirSync(world.dir)).toEqual([])
  expect(existsSync(`${world.dir}/warehouse.duckdb`)).toBe(false)
})

test('a space whose schema an older one has touches nothing', async () => {
  const young = spaceOf({ ...COMPUTATIONS, name: 'default' }, 'young', { creationTimestamp: '2026-11-20T00:00:00Z' })
  await using world = await World.of(...everything, young)
  await world.reconcile()
  expect(world.condition('EngageSpace/young')).toBe('False Conflict')
  expect(world.condition('EngageSpace/main')).toBe(READY)
  expect(await world.query("SELECT * FROM engageops.objects WHERE owner LIKE '%young%'")).toEqual([])
})

test('a table whose owner cannot be seen now is left to it, unless it was taken over before', async () => {
  await using world = await World.of(...everything)
  await world.reconcile()
  for (const { kind, metadata } of everything) world.store.remove(`${kind}/${metadata.name}`)
  const there = { namespace: 'team-b' }
  world.store.put(destinationOf({}, 'warehouse', there), spaceOf({ ...COMPUTATIONS, name: 'default' }, 'theirs', there))
  const isUnseen = (namespace: string) => namespace === 'default'
  await world.reconcile({ ...world.context, isUnseen })
  expect(world.condition('EngageSpace/theirs', 'SchemaReady')).toBe('False Conflict')
  expect(world.message('EngageSpace/theirs', 'SchemaReady')).toContain('EngageSpace default/main, in a namespace')
  const theirs = "SELECT DISTINCT table_name FROM engageops.objects WHERE owner LIKE '%/team-b/theirs' ORDER BY 1"
  expect(await world.query(theirs)).toEqual([])

  await world.reconcile()
  expect(world.condition('EngageSpace/theirs')).toBe(READY)
  expect(await world.query(theirs)).not.toEqual([])
  await world.reconcile({ ...world.context, isUnseen })
  expect(world.condition('EngageSpace/theirs')).toBe(READY)
})

test('a lease that another run holds is waited for', async () => {
  await using world = await World.of(...everything)
  await world.reconcile()
  await world.sql(`UPDATE engageops.leases SET holder = 'sync', expires_at = '2026-11-24 13:00:00'`)
  world.store.put(spaceOf({ ...COMPUTATIONS, journeys: [{ key: 'welcome' }, { key: 'second' }] }))
  await world.reconcile()
  expect(world.condition('EngageSpace/main')).toBe('False LeaseHeld')
  expect(world.condition('EngageSpace/main', 'Reconciling')).toBe('True LeaseHeld')
  expect(await world.columns('engage_default', 'users')).not.toContain('second')
})
