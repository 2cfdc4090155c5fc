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
/** The first row of a classic table. */
const rowOf = async (table: string) => {
  const block = { kind: 'duckdb' as const, settings: { path: join(dir, 'warehouse.duckdb') } }
  await using session = await (await openWarehouse(block, { baseDir: dir, secret: async () => '' })).connect()
  const [row] = await session.query(`SELECT * FROM engage_default.${table}`)
  return row ?? {}
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
    const row = await rowOf(table)
    expect(Object.keys(row)).toHaveLength(24)
    const { _overflow, ...columns } = row
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
