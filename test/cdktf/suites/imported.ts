import { expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { connected, manifestsIn, stackOf } from '../stacks.ts'

export function imported(installed: Installed): void {
  const { engage } = installed
  const { Activation, EngageSpace, WarehouseDestination } = engage

  test('an activation of a space and a warehouse that are made elsewhere', () => {
    const stack = stackOf(installed)
    const space = EngageSpace.fromSpaceName(stack, 'space', 'marketing')
    const warehouse = WarehouseDestination.fromDestinationName(stack, 'warehouse', 'lake')
    const activation = warehouse.activate('vip', { name: 'vip', computation: space.audience('vip'), classic: {} })
    expect(manifestsIn(installed, stack)).toEqual([
      {
        apiVersion: 'engageops.dev/v1alpha1',
        kind: 'Activation',
        metadata: { name: 'vip' },
        spec: {
          spaceRef: { name: 'marketing' },
          destinationRef: { name: 'lake' },
          computation: { audience: 'vip' },
          classic: {},
        },
      },
    ])
    expect(() => activation.tables).toThrow(
      'main/warehouse/vip: the warehouse of lake is not known, and names of tables depend on it: write WarehouseDestination.fromDestinationAttributes with warehouseKind',
    )
    expect(() => activation.schema).toThrow(
      'main/space: the name of the space is not known: write EngageSpace.fromSpaceAttributes with spaceName',
    )
  })

  test('what is known of them is enough for the names of tables', () => {
    const stack = stackOf(installed)
    const space = EngageSpace.fromSpaceAttributes(stack, 'space', {
      resourceName: 'marketing',
      spaceName: 'marketing',
      schemas: { classic: 'old_engage' },
    })
    const warehouse = WarehouseDestination.fromDestinationAttributes(stack, 'warehouse', {
      destinationName: 'lake',
      warehouseKind: 'snowflake',
    })
    const activation = warehouse.activate('ltv', { computation: space.computedTrait('ltv'), classic: {} })
    expect(activation.tables.map(({ schema, name }) => `${schema}.${name}`)).toEqual([
      'old_engage.identifies',
      'old_engage.users',
      'old_engage.trait_computed',
    ])
    const wrong = WarehouseDestination.fromDestinationAttributes(stack, 'wrong', {
      destinationName: 'wrong',
      warehouseKind: 'oracle',
    })
    const lost = wrong.activate('ltv', { computation: space.computedTrait('ltv'), classic: {} })
    expect(() => lost.tables).toThrow('"oracle" is no warehouse: write one of snowflake, databricks,')
  })

  test('they share the namespace of what refers to them', () => {
    const stack = stackOf(installed)
    engage.EngageDefaults.set(stack, { namespace: 'team-a' })
    const space = EngageSpace.fromSpaceName(stack, 'space', 'marketing')
    const other = WarehouseDestination.fromDestinationAttributes(stack, 'w', { destinationName: 'w', namespace: 'b' })
    expect(() => other.activate('a', { computation: space.audience('vip'), classic: {} })).toThrow(
      'is in namespace team-a and refers to main/w in b: write one namespace for both',
    )
    expect(Activation.fromActivationName(stack, 'activation', 'vip')).toMatchObject({
      activationName: 'vip',
      namespace: 'team-a',
    })
  })

  test('a computation with SQL, in another warehouse, is for a later version: it is refused where it is added', () => {
    const { stack, space } = connected(installed)
    const lake = WarehouseDestination.fromDestinationName(stack, 'lake', 'lake')
    const sql = { destination: lake, query: 'select 1', schedule: '0 3 * * *' }
    expect(() => space.addAudience('vip', { sql: { ...sql, maxExitPercent: 10 } })).toThrow(
      'spec.audiences[0].sql: is for a later version, this one computes no audiences: write the audience without it',
    )
    expect(() => space.addComputedTrait('ltv', { type: engage.LogicalType.DECIMAL, sql })).toThrow(
      'spec.computedTraits[0].sql: is for a later version, this one computes no traits: write the trait without it',
    )
  })
}
