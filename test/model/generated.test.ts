import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { crdYaml, generatedFiles } from '../../src/model/generated.ts'
import { editorSchema, editorSchemaOfAll } from '../../src/model/json-schema.ts'
import { DEFINITIONS } from '../../src/model/kinds.ts'
import { REASONS } from '../../src/model/reasons.ts'
import { KINDS, type Kind } from '../../src/model/resource.ts'
import { ACTIONS, CLASSIC, manifest, POSTGRES, SPACE } from './manifests.ts'

const root = join(import.meta.dirname, '../..')

test.each([...generatedFiles()])('%s is current', (path, text) => {
  expect(readFileSync(join(root, path), 'utf8') === text, `${path} is not current: run npm run generate`).toBe(true)
})

test('nothing else stands in the generated folders', () => {
  const stored = ['crds', 'schemas'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => `${folder}/${name}`),
  )
  expect(stored.filter((path) => !generatedFiles().has(path))).toEqual([])
})

test.each(KINDS)('the YAML of the custom resource definition of %s parses, with no anchors', (kind) => {
  const text = crdYaml(kind)
  expect(parse(text, { maxAliasCount: 0 })).toMatchObject({ spec: { names: { plural: DEFINITIONS[kind].plural } } })
})

const VALID: [Kind, unknown][] = [
  ['WarehouseDestination', POSTGRES],
  ['EngageSpace', SPACE],
  ['EngageSpace', { name: 'x', computedTraits: [{ key: 'ltv', type: 'Decimal' }] }],
  ['Activation', CLASSIC],
  [
    'Activation',
    {
      ...ACTIONS,
      storageActions: {
        ...ACTIONS.storageActions,
        mapping: { properties: { id: { '@path': '$.userId' }, n: [1, null] } },
      },
    },
  ],
]
const INVALID: [Kind, unknown][] = [
  ['WarehouseDestination', { postgres: { ...POSTGRES.postgres, passwordSecretRef: 'hunter2' } }],
  ['WarehouseDestination', { ...POSTGRES, adoptionPolicy: 'Sometimes' }],
  ['EngageSpace', {}],
  ['EngageSpace', { name: 'x', computedTraits: [{ key: 'ltv' }] }],
  ['Activation', { ...CLASSIC, suspended: true }],
  ['Activation', { ...ACTIONS, storageActions: { table: 't', triggers: [] } }],
]

describe('schemas for editors', () => {
  const ajv = new Ajv({ allErrors: true })
  const all = ajv.compile(editorSchemaOfAll())
  const one = (kind: Kind) => ajv.compile(editorSchema(kind))

  test.each(VALID)('accept %s %j', (kind, spec) => {
    expect(one(kind)(manifest(kind, spec))).toBe(true)
    expect(all(manifest(kind, spec))).toBe(true)
  })

  test.each(INVALID)('refuse %s %j', (kind, spec) => {
    expect(one(kind)(manifest(kind, spec))).toBe(false)
    expect(all(manifest(kind, spec))).toBe(false)
  })

  test('refuse another kind and another version', () => {
    expect(one('EngageSpace')(manifest('Activation', CLASSIC))).toBe(false)
    expect(all({ ...manifest('EngageSpace', SPACE), apiVersion: 'engageops.dev/v1' })).toBe(false)
  })
})

test('the docs name every field, every rule and every reason', () => {
  const files = generatedFiles()
  const reference = files.get('docs/reference.md') ?? ''
  for (const text of [
    '| `spec.postgres.sslMode` | `VerifyFull` or `VerifyCa` or `Require` or `Disable` | `"VerifyFull"` |  |',
    '| `spec.destinations[].selectiveSync[].enabled` | boolean | `false` |  |',
    '| `spec.storageActions.columns[].name` | string, at most 255 characters |  | yes |',
    '| `spec.storageActions` | computed traits work with classic storage only: use classic |',
    '| `spec.audiences[].key` | stands twice in the list: keep one of them |',
  ]) {
    expect(reference).toContain(text)
  }
  const troubleshooting = files.get('docs/troubleshooting.md') ?? ''
  for (const [reason, { fix }] of Object.entries(REASONS)) {
    expect(troubleshooting).toMatch(new RegExp(`^\\| \`${reason}\` \\| .* \\| `, 'm'))
    expect(troubleshooting).toContain(fix.replaceAll('|', '\\|').replaceAll('<', '&lt;'))
  }
})
