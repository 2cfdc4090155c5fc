import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'

const MANIFESTS = `
apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata: {name: warehouse}
spec: {duckdb: {path: warehouse.duckdb}}
---
apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata: {name: default}
spec:
  name: default
  destinations: [{name: warehouse}]
  sources: [{name: calls, directory: calls}]
  audiences: [{key: vip}]
---
apiVersion: engageops.dev/v1alpha1
kind: Activation
metadata: {name: vip}
spec:
  spaceRef: {name: default}
  destinationRef: {name: warehouse}
  computation: {audience: vip}
  classic: {}
`
const CALL = {
  type: 'identify',
  messageId: 'm1',
  userId: 'u1',
  receivedAt: '2026-03-01T00:00:00Z',
  traits: { vip: true },
}

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'engageops-'))
  await mkdir(join(dir, 'calls'))
  await writeFile(join(dir, 'space.yaml'), MANIFESTS)
  await writeFile(join(dir, 'calls', 'a.ndjson'), `${JSON.stringify(CALL)}\n`)
})
afterEach(() => rm(dir, { recursive: true }))

const apply = async () => expect((await applyFolder(await openFolder(dir))).problems).toEqual([])
const sync = async () => (await syncFolder(await openFolder(dir))).runs
const spaceCondition = async () => {
  const space = (await openFolder(dir)).store.all().find(({ kind }) => kind === 'EngageSpace')
  return space?.status?.conditions.find(({ type }) => type === 'SchemaReady')
}
/** The rows of a classic table. */
const rowsOf = async (table: string) => {
  const block = { kind: 'duckdb' as const, settings: { path: join(dir, 'warehouse.duckdb') } }
  await using session = await (await openWarehouse(block, { baseDir: dir, secret: async () => '' })).connect()
  return await session.query(`SELECT * FROM engage_default.${table} ORDER BY user_id`)
}

test('a warehouse that was lost is filled again by apply and sync', async () => {
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 2 }])
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', opened: false }])
  await rm(join(dir, 'warehouse.duckdb'))
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 2 }])
})

test('every table that is full is told of: each counts its own columns, and what is more overflows', async () => {
  const manifests = MANIFESTS.replace(
    'spec: {duckdb: {path: warehouse.duckdb}}',
    'spec: {duckdb: {path: warehouse.duckdb}, schemaPolicy: {maxColumns: 24}}',
  )
  await writeFile(join(dir, 'space.yaml'), manifests)
  const traits = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`t${i}`, i]))
  const track = {
    ...CALL,
    type: 'track',
    messageId: 'm2',
    event: 'Audience Entered',
    properties: { vip: true, ...traits },
  }
  const identify = { ...CALL, traits: { vip: true, ...traits } }
  await writeFile(join(dir, 'calls', 'a.ndjson'), [identify, track].map((call) => `${JSON.stringify(call)}\n`).join(''))
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 3 }])

  for (const table of ['identifies', 'users', 'audience_entered']) {
    const [row] = await rowsOf(table)
    expect(Object.keys(row ?? {})).toHaveLength(24)
    const { _overflow, ...columns } = row ?? {}
    const found: Record<string, unknown> = { ...JSON.parse(_overflow ?? '{}'), ...columns }
    for (const [name, value] of Object.entries(traits)) expect(Number(found[name])).toBe(value)
  }
  await apply()
  expect(await spaceCondition()).toMatchObject({
    reason: 'ColumnLimit',
    message:
      'engage_default.identifies, engage_default.users, engage_default.audience_entered: ' +
      'all 24 columns that schemaPolicy.maxColumns allows are taken; more goes to the last, _overflow',
  })

  await writeFile(join(dir, 'space.yaml'), manifests.replace('maxColumns: 24', 'maxColumns: 40'))
  await apply()
  expect(await spaceCondition()).toMatchObject({ status: 'True' })
})

test('what has no room in one table of a call still gets a column in the other', async () => {
  const manifests = MANIFESTS.replace(
    '{path: warehouse.duckdb}}',
    '{path: warehouse.duckdb}, schemaPolicy: {maxColumns: 24}}',
  )
  await writeFile(join(dir, 'space.yaml'), manifests.replace('[{key: vip}]', '[{key: vip}, {key: quiet}]'))
  const call = (messageId: string, traits: object) =>
    `${JSON.stringify({ ...CALL, messageId, userId: messageId, traits })}\n`
  const fill = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`t${i}`, i]))
  // No activation has the audience quiet: its calls go to users alone.
  const lines = [
    call('m1', { vip: true, ...fill }),
    call('m2', { vip: true, late: 1 }),
    call('m3', { quiet: true, alone: 2 }),
  ]
  await writeFile(join(dir, 'calls', 'a.ndjson'), lines.join(''))
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 5 }])
  const identifies = await rowsOf('identifies')
  expect(identifies.map(({ late, _overflow }) => [late, _overflow])).toEqual([
    [undefined, null],
    [undefined, '{"late":1}'],
  ])
  expect(Object.keys(identifies[0] ?? {})).toHaveLength(24)
  const users = await rowsOf('users')
  expect(users.map(({ late, alone, _overflow }) => [late, alone, _overflow])).toEqual([
    [null, null, undefined],
    ['1', null, undefined],
    [null, '2', undefined],
  ])
})
