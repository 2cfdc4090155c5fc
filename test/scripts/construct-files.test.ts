import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { constructFiles } from '../../scripts/construct-files.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/model/json-schema.ts'
import { DEFINITIONS } from '../../src/model/kinds.ts'
import { KINDS } from '../../src/model/resource.ts'

const root = path.join(import.meta.dirname, '../..')
const all = [...constructFiles().values()].join('')

test.each([...constructFiles()])('%s is current', (file, text) => {
  expect(readFileSync(path.join(root, file), 'utf8') === text, `${file} is not current: run npm run generate`).toBe(
    true,
  )
})

describe.each(KINDS)('the props of %s', (kind) => {
  test('have every field of the model, with its words', () => {
    for (const [name, field] of fieldsOf(jsonSchemaOf(DEFINITIONS[kind].spec))) {
      expect(all).toMatch(new RegExp(`   readonly ${name}\\??: `.slice(2)))
      expect(all).toContain(field.description ?? name)
    }
  })
})

test('every prop that can be left out says what holds then', () => {
  const optional = [...all.matchAll(/((?: {3}\*.*\n)+) {3}\*\/\n {2}readonly (\w+)\?:/g)]
  expect(optional.length).toBeGreaterThan(60)
  for (const [, comment = '', name] of optional)
    expect([name, comment]).toEqual([name, expect.stringContaining('@default ')])
})

/** A map with a name that no prop can have is an open one. */
function fieldsOf(node: JsonSchema): [string, JsonSchema][] {
  const fields = Object.entries(node.properties ?? {})
  if (fields.some(([name]) => name.startsWith('_'))) return []
  return fields.flatMap(([name, field]): [string, JsonSchema][] => [[name, field], ...fieldsOf(field.items ?? field)])
}
