import { expect, test } from 'vitest'
import { nearMiss } from '../../src/model/near-miss.ts'

const FIELDS = ['name', 'schemas', 'selectiveSync', 'sources', 'suspend']

test.each([
  ['shcemas', 'schemas'],
  ['Schemas', 'schemas'],
  ['schema', 'schemas'],
  ['selective_sync', 'selectiveSync'],
  ['nmae', 'name'],
  ['source', 'sources'],
  ['x', undefined],
  ['', undefined],
  ['password', undefined],
  ['s'.repeat(100_000), undefined],
])('%s -> %s', (word, meant) => {
  expect(nearMiss(word, FIELDS)).toBe(meant)
})
