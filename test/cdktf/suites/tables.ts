import { describe, expect, test } from 'vitest'
import { WAREHOUSE_KINDS } from '../../../src/model/warehouse-block.ts'
import type { Installed } from '../installed.ts'
import { connected, stackOf } from '../stacks.ts'

export function tables(installed: Installed): void {
  const { engage, tf } = installed
  const { ClassicCall, Warehouse } = engage
  const namesOf = ({ tables }: InstanceType<typeof engage.Activation>) =>
    tables.map(({ schema, name }) => `${schema}.${name}`)

  describe('names of schemas and tables', () => {
    test('are known when the stack is synthesized, as plain text', () => {
      const { space, warehouse } = connected(installed)
      const computation = space.addAudience('vip')
      const classic = warehouse.activate('classic', { computation, classic: {} })
      const events = warehouse.activate('events', {
        computation,
        classic: { calls: [ClassicCall.TRACK], eventNames: { entered: 'VIP Entered!', exited: '2nd' } },
      })
      const table = 'VIP Members '.repeat(8)
      const own = warehouse.activate('own', { computation, storageActions: { table } })
      expect(space.schemas(warehouse)).toEqual({ classic: 'engage_default', storageActions: 'default' })
      expect([classic.schema, own.schema]).toEqual(['engage_default', 'default'])
      expect(namesOf(classic)).toEqual([
        'engage_default.identifies',
        'engage_default.users',
        'engage_default.audience_entered',
        'engage_default.audience_exited',
      ])
      expect(namesOf(events)).toEqual(['engage_default.vip_entered', 'engage_default._2nd'])
      expect(namesOf(own)[0]).toMatch(/^default\.vip_members_vip_[a-z_]{38}_[0-9a-f]{8}$/) // 63 bytes in Postgres.
    })

    test('are those that a connection names', () => {
      const stack = stackOf(installed)
      const destination = new engage.WarehouseDestination(stack, 'w', { warehouse: Warehouse.duckdb({ path: 'x' }) })
      const space = new engage.EngageSpace(stack, 'space', { spaceName: 'default' })
      expect(() => space.schemas(destination)).toThrow(
        'main/space: is not connected to w: write space.connect(destination)',
      )
      space.connect(destination, { schemas: { classic: 'old' } })
      expect(space.schemas(destination)).toEqual({ classic: 'old', storageActions: 'default' })
    })

    test('are known where other fields are tokens', () => {
      const { stack, space, warehouse } = connected(installed)
      const flag = new tf.TerraformVariable(stack, 'flag', { type: 'bool' }).booleanValue
      const computation = space.addAudience('vip')
      const classic = warehouse.activate('a', { computation, suspend: flag, classic: { sendMobileIds: flag } })
      expect(namesOf(classic)).toContain('engage_default.audience_entered')
    })

    test('are not known where they come from a token', () => {
      const { stack, space, warehouse } = connected(installed)
      const table = new tf.TerraformVariable(stack, 'table', { type: 'string' }).stringValue
      const activation = warehouse.activate('a', { computation: space.addAudience('vip'), storageActions: { table } })
      expect(() => activation.tables).toThrow('names of tables come from a value that only Terraform knows (a token)')
    })
  })

  test('every warehouse of the model has a factory', () => {
    const factories = Object.getOwnPropertyNames(Warehouse).filter((name) =>
      WAREHOUSE_KINDS.some((kind) => kind === name),
    )
    expect(factories.toSorted()).toEqual([...WAREHOUSE_KINDS].toSorted())
  })
}
