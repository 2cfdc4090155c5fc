import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ConfigMap } from '../../src/operator/resource-types.ts'
import { configMaps, readConfig, type SyncConfig } from '../../src/operator/sync-config.ts'
import { CONFIG, SPACE } from './pair.ts'

/** A ConfigMap holds no more. */
const MAX_BYTES = 1 << 20

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'engageops-order-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

test('what a pod reads is what was written, however long: plain, compressed, or in pieces', () => {
  const sizes = fc.oneof(fc.nat(10), fc.nat(20_000), fc.constant(60_000))
  fc.assert(
    fc.property(sizes, fc.integer(), (count, seed) => {
      rmSync(folder, { recursive: true, force: true })
      folder = mkdtempSync(path.join(tmpdir(), 'engageops-order-'))
      const config = withColumns(count, seed)
      const maps = configMaps('sync', SPACE, config)
      for (const map of maps) mount(map)
      expect(readConfig(folder)).toEqual(config)
      for (const map of maps) expect(Buffer.byteLength(JSON.stringify(map))).toBeLessThan(MAX_BYTES)
    }),
    { numRuns: 15 },
  )
})

test('the name is that of the content: the same for the same, another for another', () => {
  const names = (config: SyncConfig) => configMaps('sync', SPACE, config).map(({ metadata }) => metadata.name)
  expect(names(withColumns(3, 1))).toEqual(names(withColumns(3, 1)))
  expect(names(withColumns(3, 1))).not.toEqual(names(withColumns(3, 2)))
})

test('a work order of another version, or none, is refused with what to do', () => {
  expect(() => readConfig(folder)).toThrow(/mount the ConfigMap/)
  writeFileSync(path.join(folder, 'order.json'), JSON.stringify({ ...CONFIG, version: 2 }))
  expect(() => readConfig(folder)).toThrow(/version 2.*one image/)
})

function mount({ data = {}, binaryData = {} }: ConfigMap): void {
  for (const [file, text] of Object.entries(data)) writeFileSync(path.join(folder, file), text)
  for (const [file, text] of Object.entries(binaryData))
    writeFileSync(path.join(folder, file), Buffer.from(text, 'base64'))
}

/** Columns whose names do not compress well. */
function withColumns(count: number, seed: number): SyncConfig {
  let state = seed >>> 0
  const name = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state.toString(36) + ((state * 7919) % 4294967296).toString(36)
  }
  const columns = Array.from({ length: count }, () => ({
    name: name(),
    type: 'String' as const,
    origin: 'Declared' as const,
  }))
  const table = { schema: 'engage_default', name: 'users', key: ['id'], columns }
  return { ...CONFIG, order: { ...CONFIG.order, tables: [table] } }
}
