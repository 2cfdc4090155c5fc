import { describe, expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected } from '../stacks.ts'

export function assertions(installed: Installed): void {
  const { EngageAssertions, LogicalType } = installed.engage

  describe('assertions', () => {
    const resources = () => {
      const { stack, space, warehouse } = connected(installed)
      warehouse.activate('vip', {
        name: 'vip',
        computation: space.addAudience('vip'),
        classic: { sendMobileIds: true },
      })
      return EngageAssertions.fromConstruct(stack)
    }

    test('hold where a resource has the fields', () => {
      resources().hasActivation({ classic: { sendMobileIds: true } })
      resources().hasSpace({ audiences: [{ key: 'vip' }] })
      resources().hasDestination({ postgres: { host: 'db.example.com' } })
      resources().hasResource('Activation', { metadata: { name: 'vip' } })
      resources().resourceCountIs('EngageSpace', 1)
    })

    test('say what each resource has instead', () => {
      expect(() => resources().hasActivation({ classic: { sendMobileIds: false }, suspend: true })).toThrow(
        `no Activation has {"spec":{"classic":{"sendMobileIds":false},"suspend":true}}; there is 1:
  Activation/vip: spec.classic.sendMobileIds is true; spec.suspend is not set`,
      )
      expect(() => resources().hasSpace({ audiences: [] })).toThrow('spec.audiences is [{"key":"vip"}]')
      expect(() => resources().resourceCountIs('Activation', 2)).toThrow('there are 1 of Activation, not 2: vip')
    })

    test('do not mind the order of keys, in lists neither', () => {
      const { stack, space, warehouse } = connected(installed)
      const column = { name: 'plan', type: LogicalType.STRING, path: '$.properties.plan' }
      warehouse.activate('vip', {
        computation: space.addAudience('vip'),
        storageActions: { table: 'vip', columns: [column] },
      })
      const { path, name, type } = column
      const assertions = EngageAssertions.fromConstruct(stack)
      assertions.hasActivation({ storageActions: { columns: [{ path, name, type }] } })
      expect(() => assertions.hasActivation({ storageActions: { columns: [{ path, name }] } })).toThrow(
        'spec.storageActions.columns is [{"name":"plan","type":"String","path":"$.properties.plan"}]',
      )
    })

    test('throw where synthesis would', () => {
      const { stack, space, warehouse } = connected(installed)
      warehouse.activate('a', { computation: space.audience('none'), classic: {} })
      expect(() => EngageAssertions.fromConstruct(stack)).toThrow('has no audience "none"')
    })
  })
}
