import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { expect, test } from 'vitest'
import { bindingFiles } from '../../scripts/bindings.ts'

const root = path.join(import.meta.dirname, '../..')
const files = await bindingFiles()

test.each([...files])('%s is current', (file, text) => {
  expect(readFileSync(path.join(root, file), 'utf8') === text, `${file} is not current: run npm run generate`).toBe(
    true,
  )
})

test('nothing is left of bindings that were generated once', () => {
  const stored = globSync('src/cdktf/bindings/*/**/*.ts', { cwd: root })
  expect(stored.filter((file) => !files.has(file))).toEqual([])
})
