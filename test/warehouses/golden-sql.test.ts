import { execFileSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { hasPython, pythonVenv } from '../tools/python-venv.ts'

const GOLDEN = path.join(import.meta.dirname, 'golden')
const SQLGLOT = path.join(import.meta.dirname, 'sqlglot')
const INSTALL_MS = 300_000

/** The golden files of a folder, by name, each in the dialect of its warehouse. */
const golden = (): Record<string, { dialect: string; sql: string }> =>
  Object.fromEntries(
    globSync('*/*.sql', { cwd: GOLDEN }).map((file) => [
      file,
      { dialect: path.dirname(file), sql: readFileSync(path.join(GOLDEN, file), 'utf8') },
    ]),
  )

const isSkipped = !hasPython() && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
const title = isSkipped ? 'golden SQL (skipped: Python, which runs the parser, is not installed)' : 'golden SQL'
describe.skipIf(isSkipped)(title, () => {
  const errorsIn = async (files: ReturnType<typeof golden>): Promise<Record<string, string>> => {
    const python = await pythonVenv(SQLGLOT)
    const input = JSON.stringify(files)
    return JSON.parse(execFileSync(python, [path.join(SQLGLOT, 'parse.py')], { input, encoding: 'utf8' }))
  }

  test('parses in the dialect of its warehouse: a gate for typing errors', { timeout: INSTALL_MS }, async () => {
    const files = golden()
    expect(Object.keys(files).length).toBeGreaterThan(0)
    expect(await errorsIn(files)).toEqual({})
  })

  test('the gate sees typing errors', { timeout: INSTALL_MS }, async () => {
    const wrong = { dialect: 'snowflake', sql: 'MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDTE SET a = 1' }
    expect(Object.keys(await errorsIn({ wrong }))).toEqual(['wrong'])
  })
})
