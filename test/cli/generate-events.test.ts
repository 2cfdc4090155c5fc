import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EXIT } from '../../src/cli/exit-codes.ts'

const MAIN = path.join(import.meta.dirname, '../../src/cli/main.ts')

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'engageops-generate-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

const generate = (...args: string[]) =>
  spawnSync(process.execPath, [MAIN, 'generate-events', ...args], { encoding: 'utf8', cwd: folder })

test('a file, a compressed file and standard output have the same calls', () => {
  const options = ['--count', '500', '--seed', '7', '--users', '3']
  const { status, stdout, stderr } = generate(...options)
  expect({ status, stderr }).toEqual({ status: EXIT.ok.code, stderr: '' })
  const calls = stdout
    .trimEnd()
    .split('\n')
    .map((line): unknown => JSON.parse(line))
  expect(calls).toHaveLength(500)
  expect(generate(...options, '--out', 'calls.ndjson').status).toBe(EXIT.ok.code)
  expect(generate(...options, '--out', 'calls.ndjson.gz').status).toBe(EXIT.ok.code)
  expect(readFileSync(path.join(folder, 'calls.ndjson'), 'utf8')).toBe(stdout)
  expect(gunzipSync(readFileSync(path.join(folder, 'calls.ndjson.gz'))).toString()).toBe(stdout)
})

test('kinds and start are those that were asked for', () => {
  const { stdout } = generate('--count', '20', '--kinds', 'AudienceTrack', '--start', '2026-03-01T00:00:00Z')
  const calls = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(calls[0]).toMatchObject({ type: 'track', timestamp: '2026-03-01T00:00:00.000Z' })
  expect(new Set(calls.map(({ event }) => event))).toEqual(new Set(['Audience Entered', 'Audience Exited']))
})

test.each([
  ['--count', 'many', 'whole number'],
  ['--users', '0', '1 or more'],
  ['--count', '1e3', 'whole number'],
  ['--start', 'yesterday', '2026-01-01T00:00:00Z'],
  ['--kinds', 'Page', 'Allowed choices'],
  ['--out', 'missing/calls.ndjson', 'There is no folder missing: make it, or write another.'],
  ['--out', 'generate-events.test.ts/calls.ndjson', 'There is no folder generate-events.test.ts'],
  ['--out', '.', 'It is a folder: write a file.'],
])('%s %s is a usage error', (option, value, message) => {
  const { status, stderr } = generate(option, value)
  expect(status).toBe(EXIT.usage.code)
  expect(stderr).toContain(message)
})
