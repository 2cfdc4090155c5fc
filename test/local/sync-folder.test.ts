import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'

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

test('a warehouse that was lost is filled again by apply and sync', async () => {
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 2 }])
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', opened: false }])
  await rm(join(dir, 'warehouse.duckdb'))
  await apply()
  expect(await sync()).toMatchObject([{ status: 'Success', rows: 2 }])
})
