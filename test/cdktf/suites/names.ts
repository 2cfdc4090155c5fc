import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { resourceName } from '../../../src/model/resource.ts'
import type { Installed } from '../installed.ts'

export function names(installed: Installed): void {
  const { tf, engage, Group } = installed
  const nameOf = (ids: readonly string[], stack = 'main') => {
    const root = new tf.TerraformStack(tf.Testing.app(), stack)
    const scope = ids.reduce((parent: InstanceType<typeof Group>, id) => new Group(parent, id), root)
    return engage.KubeName.of(scope)
  }
  const ids = fc.array(
    fc.string({ unit: fc.constantFrom('a', 'B', '1', '-', '_', '.', ' ', 'é', '👩'), minLength: 1, maxLength: 30 }),
    { minLength: 1, maxLength: 4 },
  )

  describe('names of Kubernetes objects', () => {
    test.each([
      [['vip'], 'vip'],
      [['first-time-shopper'], 'first-time-shopper'],
      [['vip', 'Resource'], 'vip'],
      [['VIP'], /^vip-[0-9a-f]{8}$/],
      [['warehouse', 'vip'], /^warehouse-vip-[0-9a-f]{8}$/],
      [['👩'], /^x-[0-9a-f]{8}$/],
      [['a'.repeat(64)], /^a{54}-[0-9a-f]{8}$/],
    ])('%j', (path, expected) => {
      expect(nameOf(path)).toMatch(expected instanceof RegExp ? expected : new RegExp(`^${expected}$`))
    })

    test('are names, the same in every stack, and different for different paths', () => {
      fc.assert(
        fc.property(ids, ids, (one, other) => {
          const name = nameOf(one)
          expect(resourceName.safeParse(name).success).toBe(true)
          expect(nameOf(one, 'another-stack')).toBe(name)
          expect(nameOf(other) === name).toBe(JSON.stringify(one) === JSON.stringify(other))
        }),
      )
    })
  })
}
