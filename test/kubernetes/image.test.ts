import { createHash } from 'node:crypto'
import { chmodSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeArchive } from './image.ts'

let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'engageops-image-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

test('an archive is the same for the same files, whatever their time, their mode and their order', async () => {
  const [program, text] = [path.join(folder, 'program'), path.join(folder, 'text')]
  writeFileSync(program, 'program', { mode: 0o755 })
  writeFileSync(text, 'text')
  const files = [
    ['app/text', text],
    ['bin/program', program],
  ] as const
  const archiveOf = async (name: string, entries: readonly (readonly [string, string])[]) => {
    const archive = path.join(folder, name)
    await writeArchive(archive, { name: 'localhost/test:1', files: new Map(entries), config: {} })
    return createHash('sha256').update(readFileSync(archive)).digest('hex')
  }
  const first = await archiveOf('first.tar', files)
  utimesSync(program, new Date(0), new Date(0))
  chmodSync(text, 0o600)
  expect(await archiveOf('second.tar', [...files].reverse())).toBe(first)
  writeFileSync(text, 'another')
  expect(await archiveOf('third.tar', files)).not.toBe(first)
})
