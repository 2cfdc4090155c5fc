import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import { DirectorySource } from '../../src/sources/directory.ts'
import type { SourceObject } from '../../src/sources/port.ts'

let root: string
let source: DirectorySource
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'engageops-source-'))
  source = new DirectorySource('calls', root)
})
afterEach(() => rm(root, { recursive: true }))

async function objectAt(key: string): Promise<SourceObject> {
  const object = (await source.list()).find((candidate) => candidate.key === key)
  if (!object) throw new Error(`no object ${key}`)
  return object
}

async function read(key: string, from = 0): Promise<string> {
  const pieces: Buffer[] = []
  for await (const piece of source.open(await objectAt(key), from)) pieces.push(Buffer.from(piece))
  return Buffer.concat(pieces).toString()
}

test('lists NDJSON files below the folder; dot files and other files are left alone', async () => {
  await mkdir(join(root, 'day=1/.partial'), { recursive: true })
  for (const name of [
    'a.ndjson',
    'b.jsonl',
    'c.json',
    'd.ndjson.gz',
    'e.ndjson.zst',
    'notes.txt',
    '.hidden.ndjson',
    'day=1/f.ndjson',
    'day=1/.partial/g.ndjson',
  ]) {
    await writeFile(join(root, name), 'x')
  }
  const objects = await source.list()
  expect(objects.map((object) => [object.key, object.growing]).sort()).toEqual([
    ['a.ndjson', true],
    ['b.jsonl', true],
    ['d.ndjson.gz', false],
    ['day=1/f.ndjson', true],
    ['e.ndjson.zst', false],
  ])
})

test('plain and compressed content reads the same, from any offset', async () => {
  const text = `${'{"type":"track"}\n'.repeat(200_000)}`
  await writeFile(join(root, 'a.ndjson'), text)
  await writeFile(join(root, 'b.ndjson.gz'), gzipSync(text))
  await writeFile(join(root, 'c.ndjson.zst'), zstdCompressSync(text))
  for (const key of ['a.ndjson', 'b.ndjson.gz', 'c.ndjson.zst']) {
    expect(await read(key)).toBe(text)
    expect(await read(key, 1_500_017)).toBe(text.slice(1_500_017))
  }
})

test('a file that grows keeps its version and gets another stamp; one that was replaced gets another version', async () => {
  await writeFile(join(root, 'a.ndjson'), '{"n":1}\n')
  const first = await objectAt('a.ndjson')
  const version = await source.version(first)
  await appendFile(join(root, 'a.ndjson'), '{"n":2}\n')
  const grown = await objectAt('a.ndjson')
  expect(grown.stamp).not.toBe(first.stamp)
  expect(await source.version(grown)).toBe(version)
  await writeFile(join(root, 'a.ndjson'), '{"n":3}\n')
  expect(await source.version(await objectAt('a.ndjson'))).not.toBe(version)
})

test('a folder that is not there is a clear error', async () => {
  const missing = new DirectorySource('calls', join(root, 'missing'))
  const error = await missing.list().catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(EngageError)
  expect(error).toMatchObject({ reason: 'SourceUnreachable' })
})

test('a compressed file that is cut off is a clear error', async () => {
  await writeFile(join(root, 'a.ndjson.gz'), gzipSync('{}\n'.repeat(1000)).subarray(0, 20))
  const error = await read('a.ndjson.gz').catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ reason: 'SourceUnreadable' })
})

test('a zstd file of several frames is read to its end; empty and skippable ones are passed over', async () => {
  const skippable = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 4, 0, 0, 0, 1, 2, 3, 4])
  const long = '{"n":2}\n'.repeat(200_000)
  const frames = [
    skippable,
    zstdCompressSync('{"n":1}\n'),
    zstdCompressSync(''),
    zstdCompressSync(long),
    zstdCompressSync('{"n":3}\n'),
    skippable,
  ]
  await writeFile(join(root, 'a.ndjson.zst'), Buffer.concat(frames))
  expect(await read('a.ndjson.zst')).toBe(`{"n":1}\n${long}{"n":3}\n`)
  expect(await read('a.ndjson.zst', 8 + long.length)).toBe('{"n":3}\n')
  await writeFile(join(root, 'b.ndjson.zst'), Buffer.concat([...frames, zstdCompressSync('{}\n').subarray(0, 9)]))
  await expect(read('b.ndjson.zst')).rejects.toMatchObject({ reason: 'SourceUnreadable' })
})

test('a gzip file of several members is read to its end', async () => {
  await writeFile(join(root, 'a.ndjson.gz'), Buffer.concat([gzipSync('{"n":1}\n'), gzipSync('{"n":2}\n')]))
  expect(await read('a.ndjson.gz')).toBe('{"n":1}\n{"n":2}\n')
})

test.each(['a.ndjson', 'a.ndjson.gz', 'a.ndjson.zst'])('what the system says of %s is a clear error', async (key) => {
  // Opening a folder works, reading it does not.
  await mkdir(join(root, key))
  const object: SourceObject = { key, stamp: '', bytes: 1, growing: key.endsWith('n') }
  const unreadable = {
    reason: 'SourceUnreadable',
    message: `source calls: ${key} cannot be read (EISDIR): let it stand there, readable, until it was synced`,
  }
  await expect(source.version(object)).rejects.toMatchObject(unreadable)
  await expect(source.open(object, 0)[Symbol.asyncIterator]().next()).rejects.toMatchObject(unreadable)
})

test('a file whose size cannot be told is listed: reading it tells why', async () => {
  await symlink('a.ndjson', join(root, 'a.ndjson'))
  await expect(source.version(await objectAt('a.ndjson'))).rejects.toMatchObject({
    reason: 'SourceUnreadable',
    message: expect.stringContaining('a.ndjson cannot be read (ELOOP)'),
  })
})
