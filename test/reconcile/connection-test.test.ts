import { afterAll, beforeAll, expect, test } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { ReconcileContext } from '../../src/reconcile/context.ts'
import { destinationOf } from '../plan/resources.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'
import { World } from './world.ts'

let server: Awaited<ReturnType<typeof startPostgres>>
beforeAll(async () => {
  server = await startPostgres()
})
afterAll(() => server.stop())

const DESTINATION = 'WarehouseDestination/warehouse'
const STEPS = [
  'Resolve',
  'Connect',
  'Query',
  'CreateSchema',
  'CreateTable',
  'AlterTable',
  'Load',
  'ReadBack',
  'DropTable',
]

async function worldOf(settings: object = {}, metadata: object = {}) {
  const database = await server.createDatabase()
  const { host, port, user } = server
  const passwordSecretRef = { name: 'pg', key: 'password' }
  const postgres = { host, port, database, username: user, passwordSecretRef, sslMode: 'Disable', ...settings }
  const destination = destinationOf({ postgres }, 'warehouse', metadata)
  const world = await World.of(destination)
  world.store.password = server.password
  return { world, database, destination, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

const stepsOf = (world: World): string[] => {
  const { status } = world.store.get(DESTINATION)
  const steps = status && 'connection' in status ? (status.connection?.steps ?? []) : []
  return steps.map((step) => (step.status === 'Passed' ? step.name : `${step.name} ${step.status}`))
}

test('a new destination is written to, and leaves nothing but the bookkeeping schema', async () => {
  await using made = await worldOf()
  const { world } = made
  await world.reconcile()
  expect(world.condition(DESTINATION)).toBe('True Ready')
  expect(stepsOf(world)).toEqual(STEPS)
  expect(await world.query("SELECT schemaname, tablename FROM pg_tables WHERE schemaname = 'engageops'")).toEqual([])

  world.statements.length = 0
  await world.reconcile()
  expect(world.statements).toEqual([])
  expect(stepsOf(world)).toEqual(STEPS)
})

test('where a session costs money, only the first test opens one; then the credentials are tried', async () => {
  await using made = await worldOf()
  const { world } = made
  let logIns = 0
  let refusal: EngageError | undefined
  const { openWarehouse } = world.context
  const context: ReconcileContext = {
    ...world.context,
    openWarehouse: async (block, environment) => ({
      ...(await openWarehouse(block, environment)),
      authenticate: async () => {
        logIns += 1
        if (refusal) throw refusal
      },
    }),
  }
  await world.reconcile(context)
  expect([world.sessions, logIns]).toEqual([1, 0])
  await world.reconcile(context)
  expect([world.sessions, logIns]).toEqual([1, 1])
  expect(stepsOf(world)).toEqual(STEPS)

  refusal = new EngageError('AuthenticationFailed', 'Stalled', 'the key has ended')
  await world.reconcile(context)
  expect(world.condition(DESTINATION)).toBe('False AuthenticationFailed')
  expect(stepsOf(world)).toEqual(['Resolve', 'Connect Failed', ...STEPS.slice(2).map((name) => `${name} Skipped`)])
  await world.reconcile(context)
  expect(world.condition(DESTINATION)).toBe('True Ready')
  expect([world.sessions, logIns]).toEqual([2, 2])
})

test('an edited destination is written to again, and what a test left that was cut off is gone', async () => {
  await using made = await worldOf({}, { generation: 1 })
  const { world, destination } = made
  world.beforeStatement = (sql) => {
    if (sql.startsWith('INSERT')) throw new Error('killed')
  }
  await expect(world.reconcile()).rejects.toThrow('killed')
  world.beforeStatement = () => undefined
  expect(await world.query("SELECT tablename FROM pg_tables WHERE schemaname = 'engageops'")).toHaveLength(1)
  await world.reconcile()
  expect(stepsOf(world)).toEqual(STEPS)
  expect(await world.query("SELECT tablename FROM pg_tables WHERE schemaname = 'engageops'")).toEqual([])

  world.statements.length = 0
  world.store.put({ ...destination, metadata: { ...destination.metadata, generation: 2 } })
  await world.reconcile()
  expect(world.statements).not.toEqual([])
})

test('a user without the right to create schemas: the step fails, the rest is skipped, the message has the GRANT', async () => {
  await using made = await worldOf({ username: 'reader' })
  const { world, database } = made
  await server.run(database, 'DO $$ BEGIN CREATE ROLE reader LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$')
  await server.run(database, `ALTER ROLE reader PASSWORD '${server.password}'`)
  await world.reconcile()
  expect(world.condition(DESTINATION)).toBe('False PermissionDenied')
  expect(world.message(DESTINATION)).toContain('GRANT')
  expect(stepsOf(world)).toEqual([
    'Resolve',
    'Connect',
    'Query',
    'CreateSchema Failed',
    ...STEPS.slice(4).map((name) => `${name} Skipped`),
  ])

  await server.run(database, `GRANT CREATE, TEMPORARY ON DATABASE ${database} TO reader`)
  await world.reconcile()
  expect(world.condition(DESTINATION)).toBe('True Ready')
  expect(stepsOf(world)).toEqual(STEPS)
})

test('a server that is not there: nothing is tried after the connection', async () => {
  await using made = await worldOf({ port: 1 })
  await made.world.reconcile()
  expect(made.world.condition(DESTINATION)).toBe('False WarehouseUnreachable')
  expect(stepsOf(made.world)).toEqual(['Resolve', 'Connect Failed', ...STEPS.slice(2).map((name) => `${name} Skipped`)])
})
