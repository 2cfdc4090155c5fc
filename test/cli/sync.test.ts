import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')
const QUICKSTART = path.join(import.meta.dirname, '../../examples/quickstart')

let dir: string
beforeEach(async () => {
  dir = path.join(await mkdtemp(path.join(tmpdir(), 'engageops-cli-')), 'quickstart')
  const isState = (file: string) => /\.engageops|\.duckdb/.test(path.relative(QUICKSTART, file))
  await cp(QUICKSTART, dir, { recursive: true, filter: (file) => !isState(file) })
})
afterEach(() => rm(path.dirname(dir), { recursive: true }))

const start = (...args: string[]): ChildProcess => spawn(process.execPath, [MAIN, ...args, '-f', dir])

async function engageops(...args: string[]) {
  const child = start(...args)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (data: Buffer) => {
    stdout += data.toString()
  })
  child.stderr?.on('data', (data: Buffer) => {
    stderr += data.toString()
  })
  const [code] = await once(child, 'close')
  return { code, stdout, stderr }
}

test('sync loads what is new, and then nothing', async () => {
  expect((await engageops('apply')).code).toBe(EXIT.ok.code)
  const first = await engageops('sync')
  expect(first).toMatchObject({ code: EXIT.ok.code, stderr: '' })
  expect(first.stdout).toMatch(/^default\/default\/warehouse {3}Success {3}16 calls read, 18 rows written/)
  expect((await engageops('sync')).stdout).toBe('default/default/warehouse   Success   nothing new\n')
})

test('sync before apply says so', async () => {
  const { code, stderr } = await engageops('sync')
  expect(code).toBe(EXIT.failed.code)
  expect(stderr).toContain('EngageSpace/default: Reconciling: the space has no tables yet: run engageops apply')
})

test('values that did not fit make a sync end with 4, and its JSON tells them', async () => {
  await engageops('apply')
  const call = { type: 'identify', userId: 'u1', messageId: 'm1', traits: { first_time_shopper: 'yes' } }
  await writeFile(path.join(dir, 'calls/odd.ndjson'), `${JSON.stringify(call)}\n`)
  const { code, stdout } = await engageops('sync', '-o', 'json')
  expect(code).toBe(EXIT.partial.code)
  const [run] = JSON.parse(stdout).runs
  expect(run).toMatchObject({ status: 'Partial', scope: 'default/default/warehouse' })
  expect(run.notices[0]).toMatchObject({ level: 'Warning', count: 1 })
})

test('names that nothing has are errors that list what there is', async () => {
  await engageops('apply')
  const { code, stderr } = await engageops('sync', '--space', 'nope', '--destination', 'nowhere')
  expect(code).toBe(EXIT.failed.code)
  expect(stderr).toContain('EngageSpace/nope: SpaceNotFound: there is no EngageSpace nope: write default/default')
  expect(stderr).toContain('WarehouseDestination/nowhere: DestinationNotFound')
})

/** A space `s` and a destination `w` in each of two namespaces, both of which load the same call. */
async function twoTeams(schedules: { a: string; b: string }): Promise<void> {
  await rm(dir, { recursive: true })
  await mkdir(path.join(dir, 'calls'), { recursive: true })
  const call = { type: 'identify', userId: 'u1', messageId: 'm1', traits: { vip: true } }
  await writeFile(path.join(dir, 'calls/one.ndjson'), `${JSON.stringify(call)}\n`)
  const head = (kind: string, namespace: string, name: string) =>
    `---\napiVersion: engageops.dev/v1alpha1\nkind: ${kind}\nmetadata: {namespace: ${namespace}, name: ${name}}\n`
  for (const [team, schedule] of Object.entries(schedules)) {
    const destination = `{duckdb: {path: ${team}.duckdb}, sync: {schedule: '${schedule}'}}`
    const sources = '[{name: calls, directory: calls}]'
    const space = `{name: ${team}, destinations: [{name: w}], sources: ${sources}, audiences: [{key: vip}]}`
    await writeFile(
      path.join(dir, `${team}.yaml`),
      `${head('WarehouseDestination', team, 'w')}spec: ${destination}\n${head('EngageSpace', team, 's')}spec: ${space}\n`,
    )
  }
}

test('a name that two namespaces have is written with its namespace', async () => {
  await twoTeams({ a: '0 * * * *', b: '0 * * * *' })
  await engageops('apply')
  const unclear = await engageops('sync', '--space', 's', '--destination', 'w')
  expect(unclear).toMatchObject({ code: EXIT.failed.code, stdout: '' })
  expect(unclear.stderr).toContain('EngageSpace/s: SpaceNotFound: s stands for a/s and b/s: write one of them')
  expect(unclear.stderr).toContain('w stands for a/w and b/w: write one of them')

  const one = await engageops('sync', '--space', 'a/s', '--destination', 'w')
  expect(one).toMatchObject({ code: EXIT.ok.code, stderr: '' })
  expect(one.stdout.match(/^\w+\/\w+\/\w+/gm)).toEqual(['a/s/w'])
  const other = await engageops('sync', '--destination', 'b/w', '-o', 'json')
  expect(JSON.parse(other.stdout).runs).toMatchObject([{ scope: 'b/s/w', calls: 1 }])
  expect((await engageops('replay', '--space', 'b/s')).stdout).toMatch(/^b\/s\/w /)
})

test('a sync that failed does not make apply fail', async () => {
  await engageops('apply')
  await rename(path.join(dir, 'calls'), path.join(dir, 'moved'))
  const failed = await engageops('sync')
  expect(failed.code).toBe(EXIT.failed.code)
  expect(failed.stdout).toContain('SourceUnreachable')
  await rename(path.join(dir, 'moved'), path.join(dir, 'calls'))
  expect(await engageops('apply')).toMatchObject({ code: EXIT.ok.code, stderr: '' })
  expect((await engageops('sync')).code).toBe(EXIT.ok.code)
})

test('a sync whose warehouse cannot be opened stands in the history and the status', async () => {
  await engageops('apply')
  const file = path.join(dir, 'warehouse.duckdb')
  await rename(file, `${file}.away`)
  await writeFile(file, 'no database '.repeat(1000))
  expect((await engageops('sync')).code).toBe(EXIT.failed.code)
  await rename(`${file}.away`, file)
  const history = (await engageops('history')).stdout
  // One run in the space and in each of its four activations.
  expect(history.match(/ Failure +0 +WarehouseError: .*warehouse\.duckdb is not a DuckDB database/g)).toHaveLength(5)
  expect((await engageops('status')).stdout).toMatch(/EngageSpace\n.*\ndefault .*Failure \d+s ago/)
})

/** Runs `up` until it waits for the next sync, then interrupts it. */
async function upUntilIdle() {
  const child = start('up')
  let output = ''
  const closed = once(child, 'close')
  child.stdout?.on('data', (data: Buffer) => {
    const waited = output.includes('Ctrl-C ends.')
    output += data.toString()
    // Once: a second interrupt ends the process where it stands.
    if (!waited && output.includes('Ctrl-C ends.')) child.kill('SIGINT')
  })
  const [code] = await closed
  return { code, output }
}

test('up applies, syncs, waits for the schedule, and ends well on Ctrl-C', async () => {
  const { code, output } = await upUntilIdle()
  expect(output).toContain('6 resources applied.')
  expect(output).toContain('18 rows written')
  expect(output).toMatch(/Next sync in \d+m/)
  expect(output).toContain('Stopped; what was read is committed.')
  expect(code).toBe(EXIT.ok.code)
})

test('up keeps the schedule of each destination, also where two namespaces have one name', async () => {
  await twoTeams({ a: '*/5 * * * *', b: '0 0 1 1 *' })
  const { output } = await upUntilIdle()
  expect(output.match(/^\w+\/\w+\/\w+ +\w+/gm)).toEqual(['a/s/w   Success', 'b/s/w   Success'])
  const next = Date.parse(output.match(/ at (\S+)\. Ctrl-C/)?.[1] ?? '')
  expect(next - Date.now()).toBeLessThanOrEqual(5 * 60_000)
})

test('up leaves suspended destinations alone', async () => {
  const file = path.join(dir, 'warehouse.yaml')
  await writeFile(file, (await readFile(file, 'utf8')).replace('  sync:\n', '  sync:\n    suspend: true\n'))
  const { code, stdout } = await engageops('up')
  expect(code).toBe(EXIT.ok.code)
  expect(stdout).not.toContain('rows written')
  expect(stdout).toContain('Every destination is suspended')
})
