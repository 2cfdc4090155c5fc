import { describe, expect, test } from 'vitest'
import { customResourceDefinition, nodeAt, structuralSpec } from '../../src/model/crd.ts'
import type { JsonSchema } from '../../src/model/json-schema.ts'
import { KINDS } from '../../src/model/resource.ts'
import { fieldNames, nodesOf } from './cel.ts'

/** All keywords of a structural schema that we use: no $ref, no oneOf, no additionalProperties: false. */
const KEYWORDS = new Set([
  'type',
  'description',
  'format',
  'default',
  'enum',
  'pattern',
  'minLength',
  'maxLength',
  'minimum',
  'maximum',
  'minItems',
  'maxItems',
  'maxProperties',
  'properties',
  'required',
  'additionalProperties',
  'items',
  'x-kubernetes-list-type',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
])

describe.each(KINDS)('the custom resource definition of %s', (kind) => {
  const crd = customResourceDefinition(kind)
  const [version] = crd.spec.versions
  if (!version) throw new Error('no version')
  const root: JsonSchema = version.schema.openAPIV3Schema
  const spec = structuralSpec(kind)

  test('is a structural schema', () => {
    for (const node of nodesOf(root)) {
      // The API server asks for no type where a field may hold anything.
      const mayBeAnything = node.type === undefined && node['x-kubernetes-preserve-unknown-fields'] === true
      if (!mayBeAnything) expect(node.type).toMatch(/^(object|array|string|integer|boolean)$/)
      expect(Object.keys(node).filter((keyword) => !KEYWORDS.has(keyword))).toEqual([])
      expect(node.additionalProperties).not.toBe(false)
      const open = node['x-kubernetes-preserve-unknown-fields'] ?? node.additionalProperties ?? node.properties
      if (node.type === 'object' && node !== root.properties?.metadata) expect(open).toBeDefined()
      if (node.type === 'array') expect(node.items).toBeDefined()
    }
  })

  test('describes every field', () => {
    const undescribed = nodesOf(root).flatMap((node) =>
      Object.entries(node.properties ?? {}).filter(([, field]) => field.description === undefined),
    )
    expect(undescribed.map(([name]) => name)).toEqual(['name', 'metadata', 'spec', 'status'])
  })

  test('bounds everything that a rule may have to look at', () => {
    for (const node of nodesOf(spec)) {
      if (node.type === 'string' && !node.enum) expect(node.maxLength).toBeGreaterThan(0)
      if (node.type === 'array') expect(node.maxItems).toBeGreaterThan(0)
      if (node.additionalProperties) expect(node.maxProperties).toBeGreaterThan(0)
    }
  })

  test('has keyed lists whose keys are required, and sets of plain values', () => {
    for (const node of nodesOf(root)) {
      const keys = node['x-kubernetes-list-map-keys'] ?? []
      expect(node['x-kubernetes-list-type'] === 'map').toBe(keys.length > 0)
      for (const key of keys) {
        expect(node.items?.required).toContain(key)
        expect(node.items?.properties?.[key]?.default).toBeUndefined()
      }
      if (node['x-kubernetes-list-type'] === 'set') expect(node.items?.type).toBe('string')
    }
  })

  test('has no default in a list item', () => {
    for (const list of nodesOf(root).filter(({ items }) => items)) {
      expect(nodesOf(list.items ?? {}).filter((node) => node.default !== undefined)).toEqual([])
    }
  })

  test('has one default in the status: the generation that nobody has seen', () => {
    const defaults = nodesOf(root.properties?.status ?? {}).flatMap((node) => node.default ?? [])
    expect(defaults).toEqual([{ observedGeneration: -1 }])
  })

  test('has rules on fields that exist, with words that say what to write', () => {
    for (const node of nodesOf(spec)) {
      for (const { rule, message, messageExpression, fieldPath } of node['x-kubernetes-validations'] ?? []) {
        for (const [, path] of `${rule} ${messageExpression ?? ''}`.matchAll(
          /\b(?:self|oldSelf)((?:\.\w+)+)(?![\w(])/g,
        )) {
          expect(() => nodeAt(node, fieldsIn(path ?? ''))).not.toThrow()
        }
        if (fieldPath !== undefined) expect(() => nodeAt(node, fieldPath.slice(1).split('.'))).not.toThrow()
        expect(message).toMatch(/: (write|keep|use|set|give) /)
        expect(message).not.toContain('\n')
      }
    }
  })

  test('has printer columns of fields that exist', () => {
    for (const { name, type, jsonPath } of version.additionalPrinterColumns) {
      if (jsonPath.startsWith('.metadata.')) continue
      const path = jsonPath.slice(1).replace(/\[[^\]]*\]/g, '[]')
      const field = nodeAt(root, path.split('.'))
      const found = field.format === 'date-time' && type === 'date' ? 'date' : field.type
      expect([name, found]).toEqual([name, type])
    }
  })
})

/** The field names of a CEL path; a call at its end, such as `.all(`, was cut off by the pattern's look-ahead. */
function fieldsIn(path: string): string[] {
  return fieldNames(path).slice(1).split('.')
}

test('names, columns and subresource', () => {
  const crds = KINDS.map((kind) => customResourceDefinition(kind))
  expect(crds.map(({ metadata, spec }) => [metadata.name, spec.names.shortNames, spec.names.categories])).toEqual([
    ['warehousedestinations.engageops.dev', ['whdest'], ['engage']],
    ['engagespaces.engageops.dev', ['espace'], ['engage']],
    ['activations.engageops.dev', ['activation'], ['engage']],
  ])
  const columns = crds.map(({ spec }) => spec.versions[0]?.additionalPrinterColumns.map(({ name }) => name).join(' | '))
  expect(columns).toEqual([
    'Ready | Reason | Connection | Version | Activations | Age',
    'Ready | Reason | Schema | Last Sync | Next | Age',
    'Ready | Reason | Destination | Table | Last Sync | Rows | Next | Age',
  ])
  for (const { spec } of crds) expect(spec.versions[0]?.subresources).toEqual({ status: {} })
})
