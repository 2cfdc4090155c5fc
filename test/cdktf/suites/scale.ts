import { expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, synth } from '../stacks.ts'

export function scale(installed: Installed): void {
  const { LogicalType } = installed.engage

  test('a thousand activations', () => {
    const { stack, space, warehouse } = connected(installed)
    const keys = Array.from({ length: 250 }, (_, index) => `audience_${index}`)
    for (const key of keys) {
      const computation = space.addAudience(key)
      for (const part of ['a', 'b', 'c', 'd']) {
        const columns = Array.from({ length: 5 }, (_, index) => ({
          name: `column_${index}`,
          type: LogicalType.STRING,
          path: `$.properties.column_${index}`,
        }))
        warehouse.activate(`${key}-${part}`, { computation, storageActions: { table: `${key}_${part}`, columns } })
      }
    }
    const { resource } = synth(installed, stack)
    expect(Object.keys(resource.kubernetes_manifest ?? {})).toHaveLength(1002)
  })
}
