import { expect, test } from 'vitest'
import type { Installed } from '../installed.ts'
import { POSTGRES, stackOf, synth } from '../stacks.ts'

export function pipeline(installed: Installed): void {
  const { engage } = installed
  const { AudienceType, EngageAssertions, EngagePipeline, LogicalType } = engage

  const destinationIn = (stack: ReturnType<typeof stackOf>) =>
    new engage.WarehouseDestination(stack, 'warehouse', { warehouse: engage.Warehouse.postgres(POSTGRES) })

  test('a pipeline writes all that a space computes to one warehouse', () => {
    const stack = stackOf(installed)
    const { space, activations } = new EngagePipeline(stack, 'marketing', {
      spaceName: 'marketing',
      destination: destinationIn(stack),
      connection: { schemas: { classic: 'engage' } },
      sources: [{ name: 'calls', directory: 'calls' }],
      audiences: [
        { key: 'vip', name: 'VIPs' },
        {
          key: 'carts',
          type: AudienceType.LINKED,
          storage: { columns: [{ name: 'total', type: LogicalType.DECIMAL, path: '$.properties.total' }] },
        },
      ],
      computedTraits: [{ key: 'ltv', type: LogicalType.DECIMAL }],
      journeys: [{ key: 'welcome', storage: { table: 'welcome_steps' } }],
    })
    expect(() => synth(installed, stack)).not.toThrow()
    const resources = EngageAssertions.fromConstruct(stack)
    resources.hasSpace({
      name: 'marketing',
      destinations: [{ name: 'warehouse', schemas: { classic: 'engage' } }],
      sources: [{ name: 'calls', directory: 'calls' }],
      audiences: [
        { key: 'vip', name: 'VIPs' },
        { key: 'carts', type: 'Linked' },
      ],
    })
    resources.hasActivation({ computation: { audience: 'vip' }, classic: {} })
    resources.hasActivation({ computation: { computedTrait: 'ltv' }, classic: {} })
    resources.hasActivation({
      computation: { audience: 'carts' },
      storageActions: { table: 'carts', triggers: ['EntityAdded', 'EntityRemoved'] },
    })
    resources.hasActivation({
      computation: { journey: 'welcome' },
      storageActions: { table: 'welcome_steps', triggers: ['JourneyStepEntered'] },
    })
    resources.resourceCountIs('Activation', 4)
    expect(space.resourceName).toMatch(/^marketing-space-[0-9a-f]{8}$/)
    expect(
      Object.values(activations).flatMap(({ tables }) => tables.map(({ schema, name }) => `${schema}.${name}`)),
    ).toEqual([
      'engage.identifies',
      'engage.users',
      'engage.audience_entered',
      'engage.audience_exited',
      'marketing.carts',
      'engage.identifies',
      'engage.users',
      'engage.trait_computed',
      'marketing.welcome_steps',
    ])
  })

  test('a pipeline can have the names of resources that are there already', () => {
    const stack = stackOf(installed)
    const { space, activations } = new EngagePipeline(stack, 'marketing', {
      name: 'default',
      spaceName: 'marketing',
      destination: destinationIn(stack),
      audiences: [{ key: 'vip', name: 'VIPs', activationName: 'vip-members' }],
      computedTraits: [{ key: 'ltv', type: LogicalType.DECIMAL, activationName: 'lifetime' }],
      journeys: [{ key: 'Space', activationName: 'steps' }, { key: 'Activations' }],
    })
    expect(space.resourceName).toBe('default')
    expect(Object.values(activations).map(({ activationName }) => activationName)).toEqual([
      'vip-members',
      'lifetime',
      'steps',
      expect.stringMatching(/^marketing-activations-activations-[0-9a-f]{8}$/),
    ])
    EngageAssertions.fromConstruct(stack).hasSpace({ name: 'marketing', audiences: [{ key: 'vip', name: 'VIPs' }] })
  })

  test('a profile audience has no table of its own', () => {
    const stack = stackOf(installed)
    const make = () =>
      new EngagePipeline(stack, 'p', {
        spaceName: 'p',
        destination: destinationIn(stack),
        audiences: [{ key: 'vip', storage: {} }],
      })
    expect(make).toThrow(
      'main/p: audiences: "vip" is a profile audience: leave storage out, or write AudienceType.LINKED',
    )
  })
}
