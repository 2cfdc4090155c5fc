import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { type Folder, type FolderOptions, openFolder } from '../../src/local/folder.ts'
import { lockFolder } from '../../src/local/lock.ts'
import { MirrorFiles } from '../../src/local/mirror-files.ts'
import { planFolder } from '../../src/local/plan-folder.ts'
import { planPrune, pruneFolder } from '../../src/local/prune-folder.ts'
import { recordFolderRun } from '../../src/local/record-folder-run.ts'
import { EngageError } from '../../src/model/errors.ts'
import type { EngageResource } from '../../src/model/kinds.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'engageops-folder-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const manifest = (kind: string, name: string, spec: object, metadata: object = {}) => ({
  apiVersion: 'engageops.dev/v1alpha1',
  kind,
  metadata: { name, ...metadata },
  spec,
})
const warehouse = (spec: object = { duckdb: { path: 'warehouse.duckdb' } }) =>
  manifest('WarehouseDestination', 'warehouse', spec)
const space = (spec: object = {}) =>
  manifest('EngageSpace', 'main', {
    name: 'default',
    destinations: [{ name: 'warehouse' }],
    audiences: [{ key: 'vip' }],
    ...spec,
  })
const activation = (name = 'vip', spec: object = { classic: {} }) =>
  manifest('Activation', name, {
    spaceRef: { name: 'main' },
    destinationRef: { name: 'warehouse' },
    computation: { audience: 'vip' },
    ...spec,
  })
const ACTIONS = { storageActions: { table: 'vip_members', triggers: ['AudienceEntered'] } }

function write(file: string, ...documents: object[]): void {
  mkdirSync(dirname(join(dir, file)), { recursive: true })
  writeFileSync(join(dir, file), documents.map((document) => stringify(document)).join('---\n'))
}

/** A folder in that there is no manifest any more. */
const EMPTY = { resources: [], notes: [], errors: [] }

/** Puts something that cannot be opened in the place of a file; the answer puts the file back. */
function takeAway(file: string): () => void {
  const [place, away] = [join(dir, file), join(dir, 'away')]
  renameSync(place, away)
  mkdirSync(place)
  return () => {
    rmdirSync(place)
    renameSync(away, place)
  }
}

const open = (options: FolderOptions = {}): Promise<Folder> =>
  openFolder(dir, { now: () => new Date('2026-11-24T12:00:00Z'), environment: {}, ...options })
const apply = async (options: FolderOptions = {}) => applyFolder(await open(options))

const find = (resources: readonly EngageResource[], kind: string, name: string): EngageResource => {
  const found = resources.find((resource) => resource.kind === kind && resource.metadata.name === name)
  if (!found) throw new Error(`there is no ${kind}/${name}`)
  return found
}
const ready = (resource: EngageResource) => resource.status?.conditions.find(({ type }) => type === 'Ready')
const stateFiles = () =>
  Object.fromEntries(
    readdirSync(join(dir, '.engageops/state')).map((name) => [
      name,
      readFileSync(join(dir, '.engageops/state', name), 'utf8'),
    ]),
  )

async function tables(schema: string): Promise<string[]> {
  const environment = { baseDir: dir, secret: async () => '' }
  const opened = await openWarehouse({ kind: 'duckdb', settings: { path: 'warehouse.duckdb' } }, environment)
  await using session = await opened.connect()
  return (await session.observe([schema])).tables.map(({ name }) => name).sort()
}

describe('apply', () => {
  test('makes the tables; again it changes no file and no table', async () => {
    write('all.yaml', warehouse(), space(), activation())
    const { problems, resources } = await apply()
    expect(problems).toEqual([])
    expect(resources.map((resource) => ready(resource)?.status)).toEqual(['True', 'True', 'True'])
    expect(await tables('engage_default')).toEqual(['audience_entered', 'audience_exited', 'identifies', 'users'])
    const before = stateFiles()
    const folder = await open({ now: () => new Date('2026-11-24T12:20:00Z') })
    expect((await planFolder(folder)).plans.map(({ plan }) => plan.plan.changes)).toEqual([[]])
    expect((await applyFolder(folder)).problems).toEqual([])
    expect(stateFiles()).toEqual(before)
  })

  test('a plan writes nothing, neither state nor database', async () => {
    write('all.yaml', warehouse(), space(), activation())
    const { plans, problems } = await planFolder(await open())
    expect(problems).toEqual([])
    expect(plans).toMatchObject([{ space: 'default/main', destination: 'warehouse' }])
    expect(plans[0]?.plan.plan.statements.length).toBeGreaterThan(5)
    expect(readdirSync(dir)).toEqual(['all.yaml'])
  })

  test('a plan tells what is wrong, also with what belongs to no space', async () => {
    const lost = activation('lost', { spaceRef: { name: 'nowhere' }, classic: {} })
    write('all.yaml', warehouse(), space(), activation(), activation('young'), lost)
    const { problems } = await planFolder(await open())
    expect(problems.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual([
      'Activation/young Conflict',
      'Activation/lost SpaceNotFound',
    ])
  })

  test('gives uid, creation time and a generation that follows the spec alone', async () => {
    write('all.yaml', warehouse(), space(), activation())
    await apply()
    const first = find((await open()).store.all(), 'EngageSpace', 'main').metadata
    expect(first).toMatchObject({ generation: 1, creationTimestamp: '2026-11-24T12:00:00Z', uid: expect.any(String) })
    write('all.yaml', warehouse(), { ...space(), metadata: { name: 'main', labels: { team: 'growth' } } }, activation())
    await apply()
    write('all.yaml', warehouse(), space({ audiences: [{ key: 'vip' }, { key: 'lapsed' }] }), activation())
    const { resources } = await apply({ now: () => new Date('2026-11-25T12:00:00Z') })
    const changed = find(resources, 'EngageSpace', 'main')
    expect(changed.metadata).toEqual({ ...first, generation: 2 })
    expect(changed.status?.observedGeneration).toBe(2)
  })

  test('paths are relative to the manifest', async () => {
    write('warehouses/duck/warehouse.yaml', warehouse())
    write('space.yaml', space(), activation())
    const { problems } = await apply()
    expect(problems).toEqual([])
    expect(existsSync(join(dir, 'warehouses/duck/warehouse.duckdb'))).toBe(true)
  })

  test('an immutable field keeps its value, with old value and way out; the rest goes on', async () => {
    write('all.yaml', warehouse(), space(), activation('vip', ACTIONS))
    await apply()
    const renamed = { storageActions: { table: 'other', triggers: ['AudienceEntered'] } }
    write('all.yaml', warehouse(), space(), activation('vip', renamed), activation('more', { classic: {} }))
    const { problems, resources } = await apply()
    expect(problems).toMatchObject([{ resource: 'Activation/vip', reason: 'ImmutableField' }])
    expect(problems[0]?.message).toContain('vip_members')
    expect(ready(find(resources, 'Activation', 'more'))?.status).toBe('True')
    expect(await tables('default')).toEqual(['vip_members'])
  })

  test('goes on past a destination that fails, and tells all problems', async () => {
    const other = manifest('WarehouseDestination', 'bad', {
      postgres: {
        host: 'localhost',
        port: 1,
        database: 'x',
        username: 'x',
        passwordSecretRef: { name: 'pg', key: 'password' },
      },
    })
    const both = space({ destinations: [{ name: 'bad' }, { name: 'warehouse' }, { name: 'missing' }] })
    write(
      'all.yaml',
      other,
      warehouse(),
      both,
      activation(),
      activation('unknown', { computation: { audience: 'nobody' }, classic: {} }),
    )
    const { problems, resources } = await apply()
    expect(ready(find(resources, 'Activation', 'vip'))?.status).toBe('True')
    expect(problems.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual([
      'Activation/unknown ComputationNotFound',
      'EngageSpace/main DestinationNotReady',
      'WarehouseDestination/bad SecretNotFound',
    ])
    expect(problems[2]?.message).toContain('ENGAGEOPS_SECRET_PG_PASSWORD')
  })

  test('refuses manifests with errors before anything is touched', async () => {
    write('all.yaml', warehouse(), space({ name: 'Not A Name' }))
    await expect(open()).rejects.toMatchObject({ reason: 'InvalidSpec', message: expect.stringContaining('all.yaml:') })
    expect(existsSync(join(dir, '.engageops'))).toBe(false)
  })

  test('a state file that is cut off is made anew, and said so', async () => {
    write('all.yaml', warehouse(), space(), activation())
    await apply()
    const file = join(dir, '.engageops/state/EngageSpace.default.main.json')
    writeFileSync(file, readFileSync(file, 'utf8').slice(0, 100))
    const folder = await open()
    expect(folder.notes).toEqual([expect.stringContaining('EngageSpace.default.main.json')])
    const { problems } = await applyFolder(folder)
    expect(problems).toEqual([])
    expect((await open()).notes).toEqual([])
  })

  test('a run in a state file that cannot be read takes nothing else with it', async () => {
    write('all.yaml', warehouse(), space(), activation())
    await apply()
    const start = '2026-11-24T12:00:00Z'
    const run = { runId: 'one', start, end: start, status: 'Success', rows: 1, notices: [] }
    const file = join(dir, '.engageops/state/Activation.default.vip.json')
    const state = JSON.parse(readFileSync(file, 'utf8'))
    const history = [{ ...run, destination: 'warehouse' }, run]
    const status = { ...state.resource.status, lastSync: run, history }
    writeFileSync(file, JSON.stringify({ ...state, resource: { ...state.resource, status } }))
    const folder = await open()
    expect(folder.notes).toEqual([])
    const { metadata, status: kept } = find(folder.store.all(), 'Activation', 'vip')
    expect(metadata.uid).toBe(state.resource.metadata.uid)
    expect(kept).toEqual({ ...state.resource.status, history: [{ ...run, destination: 'warehouse' }] })
  })
})

describe('secrets', () => {
  test('come from files or the environment', async () => {
    write('all.yaml', warehouse())
    mkdirSync(join(dir, 'secrets/my-pg'), { recursive: true })
    writeFileSync(join(dir, 'secrets/my-pg/pass.word'), 'from a file\n')
    const environment = { ENGAGEOPS_SECRET_MY_PG_PASS_WORD: 'from the environment' }
    const reference = { name: 'my-pg', key: 'pass.word' }
    expect(await (await open({ environment })).store.secret('default', reference)).toBe('from the environment')
    const both = await open({ environment, secretsDir: join(dir, 'secrets') })
    expect(await both.store.secret('default', reference)).toBe('from a file')
    await expect(both.store.secret('default', { name: '..', key: 'all.yaml' })).rejects.toMatchObject({
      reason: 'SecretNotFound',
    })
  })
})

describe('what has left the folder', () => {
  test('stays until it is pruned; then Delete drops its table, Retain keeps it', async () => {
    const gone = activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' })
    const kept = activation('kept', { storageActions: { table: 'kept', triggers: ['AudienceExited'] } })
    write('all.yaml', warehouse(), space(), gone, kept)
    await apply()
    write('all.yaml', warehouse(), space())
    const { problems } = await apply()
    expect(problems).toEqual([])
    expect(await tables('default')).toEqual(['kept', 'vip_members'])
    const planned = await planPrune(await open())
    expect(planned.map((deletion) => [deletion.resource.metadata.name, deletion.tables])).toEqual([
      ['gone', ['default.vip_members']],
      ['kept', []],
    ])
    expect(await tables('default')).toEqual(['kept', 'vip_members'])
    const { pruned, dropped } = await pruneFolder(await open())
    expect(pruned.map(({ metadata }) => metadata.name)).toEqual(['gone', 'kept'])
    expect(dropped).toEqual(['default.vip_members'])
    expect(await tables('default')).toEqual(['kept'])
    expect(Object.keys(stateFiles())).toEqual([
      'EngageSpace.default.main.json',
      'WarehouseDestination.default.warehouse.json',
    ])
  })

  test('a table that two share is dropped with the last of them, and the plan says so', async () => {
    const other = activation('other', {
      storageActions: { ...ACTIONS.storageActions, triggers: ['AudienceExited'] },
      deletionPolicy: 'Delete',
    })
    write('all.yaml', warehouse(), space(), activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' }), other)
    await apply()
    write('all.yaml', warehouse(), space(), activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' }))
    expect((await planPrune(await open())).map((deletion) => deletion.tables)).toEqual([[]])
    write('all.yaml', warehouse(), space())
    expect((await planPrune(await open())).map((deletion) => deletion.tables)).toEqual([[], ['default.vip_members']])
    expect((await pruneFolder(await open())).dropped).toEqual(['default.vip_members'])
  })

  test('all at once: activations go before the destination that they need', async () => {
    write('all.yaml', warehouse(), space(), activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' }))
    await apply()
    rmSync(join(dir, 'all.yaml'))
    const { pruned, problems } = await pruneFolder(await open({ manifests: EMPTY }))
    expect(problems).toEqual([])
    expect(pruned).toHaveLength(3)
    expect(await tables('default')).toEqual([])
  })

  test('what cannot be dropped stays, with its destination, until it is forced', async () => {
    write('all.yaml', warehouse(), space(), activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' }))
    await apply()
    const putBack = takeAway('warehouse.duckdb')
    const planned = await planPrune(await open({ manifests: EMPTY }))
    expect(planned.map(({ trouble }) => trouble !== undefined)).toEqual([true, false, false])
    const { pruned, problems } = await pruneFolder(await open({ manifests: EMPTY }))
    expect(problems[0]?.message).toMatch(
      /release the activation and keep the tables with apply --prune --force-orphan$/,
    )
    expect(pruned.map(({ kind }) => kind)).toEqual(['EngageSpace'])
    expect(problems.map(({ resource, reason }) => `${resource} ${reason}`)).toEqual(['Activation/gone DeletionBlocked'])
    expect((await pruneFolder(await open({ manifests: EMPTY }), { forceOrphan: true })).pruned).toHaveLength(2)
    expect(stateFiles()).toEqual({})
    putBack()
    expect(await tables('default')).toEqual(['vip_members'])
  })

  test('what could not be dropped is dropped by the next prune, and by nothing else', async () => {
    write('all.yaml', warehouse(), space(), activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' }))
    await apply()
    const putBack = takeAway('warehouse.duckdb')
    await pruneFolder(await open({ manifests: EMPTY }))
    putBack()
    const { problems } = await applyFolder(await open({ manifests: EMPTY }))
    // What the prune said holds no longer, and an apply does not look at it.
    expect(problems).toEqual([])
    expect(await tables('default')).toEqual(['vip_members'])
    const { dropped, pruned } = await pruneFolder(await open({ manifests: EMPTY }))
    expect(dropped).toEqual(['default.vip_members'])
    expect(pruned.map(({ kind }) => kind)).toEqual(['Activation', 'WarehouseDestination'])
    expect(stateFiles()).toEqual({})
  })

  test('what comes back is not deleted, also where its change is refused', async () => {
    const gone = activation('gone', { ...ACTIONS, deletionPolicy: 'Delete' })
    write('all.yaml', warehouse(), space(), gone)
    await apply()
    write('all.yaml', warehouse(), space())
    const openWarehouse = async () => Promise.reject(new EngageError('WarehouseUnreachable', 'Retry', 'it is down'))
    const blocked = await pruneFolder(await open({ openWarehouse }))
    expect(blocked.problems).toMatchObject([{ resource: 'Activation/gone', reason: 'DeletionBlocked' }])
    const storageActions = { ...ACTIONS.storageActions, table: 'others' }
    write('all.yaml', warehouse(), space(), activation('gone', { storageActions, deletionPolicy: 'Delete' }))
    expect((await apply()).problems).toMatchObject([{ resource: 'Activation/gone', reason: 'ImmutableField' }])
    expect(await pruneFolder(await open())).toEqual({ pruned: [], dropped: [], problems: [] })
    expect(await tables('default')).toEqual(['vip_members'])
  })

  test('what comes back before a prune goes on as it was', async () => {
    write('all.yaml', warehouse(), space(), activation())
    await apply()
    const uid = find((await open()).store.all(), 'Activation', 'vip').metadata.uid
    write('all.yaml', warehouse(), space())
    await apply()
    write('all.yaml', warehouse(), space(), activation())
    const { resources } = await apply()
    expect(await planPrune(await open())).toEqual([])
    expect(find(resources, 'Activation', 'vip').metadata).toMatchObject({ uid, generation: 1 })
  })
})

describe('one folder', () => {
  test('is applied by one program at a time; a dead one’s lock is taken over', async () => {
    write('all.yaml', warehouse(), space(), activation())
    const path = join(dir, '.engageops/lock')
    {
      using _lock = lockFolder(path)
      await expect(apply()).rejects.toMatchObject({ reason: 'LeaseHeld' })
    }
    const { hostname } = await import('node:os')
    const { spawnSync } = await import('node:child_process')
    const { pid } = spawnSync(process.execPath, ['--version'])
    writeFileSync(path, JSON.stringify({ pid, host: hostname() }))
    expect((await apply()).problems).toEqual([])
    writeFileSync(path, JSON.stringify({ pid, host: 'another-machine' }))
    await expect(apply()).rejects.toMatchObject({ message: expect.stringContaining('another-machine') })
    expect(existsSync(path)).toBe(true)
  })

  test('that is checked out again goes on as the same installation', async () => {
    write('all.yaml', warehouse(), space(), activation())
    await apply()
    const id = readFileSync(join(dir, '.engageops/installation'), 'utf8')
    rmSync(join(dir, '.engageops'), { recursive: true })
    const folder = await open()
    expect((await planFolder(folder)).plans.map(({ plan }) => plan.plan.changes)).toEqual([[]])
    expect((await applyFolder(folder)).problems).toEqual([])
    expect(readFileSync(join(dir, '.engageops/installation'), 'utf8')).toBe(id)
  })
})

test('a run is told in the status of the space and of its activations', async () => {
  write(
    'all.yaml',
    warehouse({ duckdb: { path: 'warehouse.duckdb' }, sync: { historyLimit: 2 } }),
    space(),
    activation(),
  )
  await apply()
  const folder = await open()
  const [planned] = (await planFolder(folder)).plans
  if (!planned) throw new Error('nothing was planned')
  for (const minute of [1, 2, 3]) {
    const at = `2026-11-24T12:0${minute}:00Z`
    await recordFolderRun(folder, planned.plan.order, {
      runId: `run-${minute}`,
      start: at,
      end: at,
      status: 'Success',
      rows: 3,
      notices: [],
      scope: planned.plan.order.scope,
      collections: [],
      calls: 3,
      unrouted: 0,
      bytes: 0,
      opened: true,
    })
  }
  for (const resource of (await open()).store.all()) {
    if (resource.kind === 'WarehouseDestination') continue
    expect(resource.status?.lastSync?.runId).toBe('run-3')
    expect(resource.status?.history.map(({ runId }) => runId)).toEqual(['run-3', 'run-2'])
  }
  const { problems } = await apply()
  expect(problems).toEqual([])
  expect(find((await open()).store.all(), 'Activation', 'vip').status).toMatchObject({ lastSync: { runId: 'run-3' } })
})

test('a mirror is kept per scope; one that is cut off is as good as none', async () => {
  const mirrors = new MirrorFiles(join(dir, '.engageops'))
  expect(await mirrors.read('a/b/c')).toBeUndefined()
  await mirrors.write('a/b/c', { order: 'x', stamps: { one: '1' } })
  await mirrors.write('a/b.c/d', { order: 'y', stamps: {} })
  expect(await mirrors.read('a/b/c')).toEqual({ order: 'x', stamps: { one: '1' } })
  for (const file of readdirSync(join(dir, '.engageops/mirror')))
    writeFileSync(join(dir, '.engageops/mirror', file), '{"or')
  expect(await mirrors.read('a/b/c')).toBeUndefined()
})
