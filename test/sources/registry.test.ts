import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type SourceSpec, spaceSpec } from '../../src/model/space.ts'
import type { SourceEnvironment } from '../../src/sources/port.ts'
import { openSource } from '../../src/sources/registry.ts'

let root: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'engageops-sources-'))
  await mkdir(join(root, 'calls/in'), { recursive: true })
  await writeFile(join(root, 'calls/in/a.ndjson'), '{}\n')
  await writeFile(join(root, 'secret.ndjson'), '{}\n')
})
afterEach(() => rm(root, { recursive: true }))

const secret = async () => ''
const volume = (path: string): SourceSpec => ({ name: 'calls', volume: { claimName: 'calls', path } })
const keys = async (spec: SourceSpec, environment: SourceEnvironment) => {
  await using source = openSource(spec, environment)
  return (await source.list()).map(({ key }) => key)
}

test('a volume is read where it is mounted, at the name of the source; its path does not lead out of it', async () => {
  const environment = { volumesDir: root, secret }
  expect(await keys(volume('/'), environment)).toEqual(['in/a.ndjson'])
  expect(await keys(volume('in'), environment)).toEqual(['a.ndjson'])
  expect(await keys(volume('/in/'), environment)).toEqual(['a.ndjson'])
  expect(await keys(volume('../..'), environment)).toEqual(['in/a.ndjson'])
})

test('a relative folder is relative to the manifest', async () => {
  expect(await keys({ name: 'x', directory: 'calls/in' }, { baseDir: root, secret })).toEqual(['a.ndjson'])
})

test('a kind that the environment has not is a clear error', () => {
  const error = (spec: SourceSpec, environment: SourceEnvironment) => {
    try {
      return openSource(spec, environment)
    } catch (thrown) {
      return thrown
    }
  }
  expect(error(volume('/'), { baseDir: root, secret })).toMatchObject({
    reason: 'SourceUnreachable',
    message: 'source calls: volume is for a cluster: write directory or objectStore in its place',
  })
  expect(error({ name: 'x', directory: 'calls' }, { volumesDir: root, secret })).toMatchObject({
    reason: 'SourceUnreachable',
    message: 'source x: directory is for the local mode: write volume or objectStore in its place',
  })
  expect(
    error({ name: 'x', receiver: { writeKeySecretRef: { name: 'w', key: 'k' } } }, { volumesDir: root, secret }),
  ).toMatchObject({
    reason: 'SourceUnreachable',
    message: 'source x: no sync reads a receiver: write directory, volume or objectStore in its place',
  })
})

test.each([
  [{ url: 's3://logs' }, true],
  [{ url: 's3://logs/segment-logs/', endpoint: 'https://store.example.com:9000' }, true],
  [{ url: 's3://logs', endpoint: 'http://[::1]:9000' }, true],
  [{ url: 'https://logs.s3.amazonaws.com' }, false],
  [{ url: 's3://' }, false],
  [{ url: 's3://logs', endpoint: 'store:9000' }, false],
  [{ url: 's3://logs', endpoint: 'https://user:word@store' }, false],
])('the model takes %j: %s', (objectStore, isTaken) => {
  const space = { name: 'x', sources: [{ name: 'calls', objectStore }] }
  expect(spaceSpec.safeParse(space).success).toBe(isTaken)
})
