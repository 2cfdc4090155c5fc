import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { formatError, loadManifests } from '../../src/model/load.ts'
import { readManifestFiles } from '../../src/model/manifest-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'manifests-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

const errorsOf = (...paths: string[]) =>
  readManifestFiles(paths).errors.map((error) => formatError(error).replace(folder, 'DIR'))

test('folders are read with all below them, in the order of names', () => {
  for (const name of [
    'b.yml',
    'a/z.yaml',
    'a/b/c.json',
    'c.yaml',
    'notes.txt',
    '.engageops/status.yaml',
    'node_modules/x.yaml',
  ]) {
    write(name, name)
  }
  const { files, errors } = readManifestFiles([folder])
  expect(errors).toEqual([])
  expect(files).toEqual(
    ['a/b/c.json', 'a/z.yaml', 'b.yml', 'c.yaml'].map((name) => ({ file: join(folder, name), text: name })),
  )
})

test('a file named by itself needs no extension, and is read once', () => {
  const path = write('manifest', 'x')
  expect(readManifestFiles([path, path, folder]).files).toEqual([{ file: path, text: 'x' }])
})

test('links are followed, circles are not', () => {
  const path = write('real/..data/space.yaml', 'x')
  symlinkSync(path, join(folder, 'real/space.yaml'))
  symlinkSync(folder, join(folder, 'real/circle'))
  expect(readManifestFiles([folder]).files).toEqual([{ file: join(folder, 'real/space.yaml'), text: 'x' }])
})

test('a byte order mark is no part of the text', () => {
  expect(readManifestFiles([write('a.yaml', '\uFEFFa: 1')]).files).toMatchObject([{ text: 'a: 1' }])
})

describe('what cannot be read', () => {
  test('a path that does not exist', () => {
    expect(errorsOf(join(folder, 'nope'))).toEqual(['DIR/nope: does not exist: correct the path'])
  })

  test('a file that is not UTF-8, at the line', () => {
    expect(errorsOf(write('a.yaml', Buffer.from('a: 1\nb: caf\xe9\n', 'latin1')))).toEqual([
      'DIR/a.yaml:2: is not UTF-8: save the file as UTF-8',
    ])
  })

  test('a file of UTF-16', () => {
    expect(errorsOf(write('a.yaml', Buffer.from('\uFEFFa: 1\n', 'utf16le')))).toEqual([
      'DIR/a.yaml:1: is not UTF-8: save the file as UTF-8',
    ])
  })

  test('a file of more than 10 MB, and standard input', () => {
    const text = 'a'.repeat(10 * 1024 * 1024 + 1)
    expect(errorsOf(write('a.yaml', text))).toEqual(['DIR/a.yaml: has 11 MB, at most 10 are read: split the file'])
    expect(readManifestFiles(['-'], text).errors.map(formatError)).toEqual([
      'stdin: has 11 MB, at most 10 are read: split the file',
    ])
  })

  test('a device', () => {
    expect(errorsOf('/dev/null')).toEqual(['/dev/null: is neither a file nor a folder: correct the path'])
  })

  test('all of it at once', () => {
    write('bad.yaml', Buffer.from([0xff]))
    write('sub/space.yaml', 'kind: EngageSpace')
    const { errors } = loadManifests([join(folder, 'nope'), folder])
    expect(new Set(errors.map(({ file }) => file.replace(folder, 'DIR')))).toEqual(
      new Set(['DIR/nope', 'DIR/bad.yaml', 'DIR/sub/space.yaml']),
    )
  })
})

test('a folder without resources is an error', () => {
  write('values.yaml', 'replicas: 1\n')
  const { errors, notes } = loadManifests([folder])
  expect(errors.map(formatError)).toEqual([`${folder}: no EngageOps resources found: write one, or correct the path`])
  expect(notes).toHaveLength(1)
})
