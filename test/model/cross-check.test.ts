import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { crossCheck } from '../../src/model/cross-check.ts'
import type { EngageResource } from '../../src/model/kinds.ts'
import { ACTIONS, CLASSIC, POSTGRES, resource } from './manifests.ts'

const destination = (name = 'main', spec: object = {}) =>
  resource('WarehouseDestination', { ...POSTGRES, ...spec }, { name })
const space = (name = 'default', spec: object = {}) =>
  resource(
    'EngageSpace',
    {
      name,
      destinations: [{ name: 'main' }],
      audiences: [{ key: 'vip' }, { key: 'accounts', type: 'Linked' }],
      computedTraits: [{ key: 'ltv', type: 'Decimal' }],
      journeys: [{ key: 'welcome' }],
      ...spec,
    },
    { name: name.replaceAll('_', '-') },
  )
const classic = (name: string, spec: object = {}) => resource('Activation', { ...CLASSIC, ...spec }, { name })
const actions = (name: string, storageActions: object = {}, spec: object = {}) =>
  resource(
    'Activation',
    { ...ACTIONS, ...spec, storageActions: { ...ACTIONS.storageActions, ...storageActions } },
    { name },
  )

const found = (...resources: EngageResource[]) =>
  crossCheck(resources).map((finding) => `${finding.resource.metadata.name} ${finding.reason}: ${finding.message}`)

test('resources that fit together', () => {
  expect(
    found(
      destination(),
      space(),
      classic('vip'),
      classic('ltv', { computation: { computedTrait: 'ltv' } }),
      actions('entered'),
      actions('exited', { triggers: ['AudienceExited'] }),
      actions('accounts', { triggers: ['EntityAdded'] }, { computation: { audience: 'accounts' } }),
      actions('welcome', { triggers: ['JourneyStepEntered'] }, { computation: { journey: 'welcome' } }),
    ),
  ).toEqual([])
})

describe('references', () => {
  test('to what does not exist (yet)', () => {
    expect(found(classic('a'))).toEqual([
      'a DestinationNotFound: spec.destinationRef.name: there is no WarehouseDestination main: write one, or correct the name',
      'a SpaceNotFound: spec.spaceRef.name: there is no EngageSpace default: write one, or correct the name',
    ])
    expect(found(space())).toEqual([
      'default DestinationNotFound: spec.destinations[0].name: there is no WarehouseDestination main: write one, or correct the name',
    ])
  })

  test('to another namespace are none', () => {
    const elsewhere = resource('WarehouseDestination', POSTGRES, { name: 'main', namespace: 'team' })
    expect(found(elsewhere, space())).toHaveLength(1)
  })

  test('to a destination that the space is not connected to', () => {
    expect(
      found(destination(), destination('lake'), space(), classic('a', { destinationRef: { name: 'lake' } })),
    ).toEqual([
      'a DestinationNotConnected: spec.destinationRef.name: EngageSpace default is not connected to lake: add it to the destinations of the space',
    ])
  })

  test('to a key that the space does not declare, or declares as something else', () => {
    expect(
      found(
        destination(),
        space(),
        classic('a', { computation: { audience: 'vips' } }),
        classic('b', { computation: { audience: 'ltv' } }),
      ),
    ).toEqual([
      'a ComputationNotFound: spec.computation.audience: EngageSpace default has no audience "vips": declare it in audiences of the space, or correct the key',
      'b ComputationNotFound: spec.computation.audience: EngageSpace default has no audience "ltv": it is a computed trait, write computation: {computedTrait: "ltv"}',
    ])
  })
})

test('a trigger of entities for an audience of profiles', () => {
  expect(found(destination(), space(), actions('a', { triggers: ['AudienceEntered', 'EntityAdded'] }))).toEqual([
    'a TriggerMismatch: spec.storageActions.triggers: only Linked Audiences have EntityAdded, "vip" is a Profile audience: write AudienceEntered or AudienceExited, or type: Linked in the space',
  ])
})

describe('one table for two activations', () => {
  test('who both write the same', () => {
    expect(found(destination(), space(), actions('a'), actions('b', { table: 'VIP_members' }))).toEqual([
      'b Conflict: spec.storageActions: Activation a writes AudienceEntered of the same computation to table VIP_members already: write another table, or other triggers',
    ])
  })

  test('who both write the calls that do not say which trigger they are', () => {
    const accounts = (name: string, trigger: string, spec: object = {}) =>
      actions(name, { triggers: [trigger], ...spec }, { computation: { audience: 'accounts' } })
    const two = (one: string, other: string, spec: object = {}) =>
      found(destination(), space(), accounts('a', one), accounts('b', other, spec))
    expect(two('AudienceEntered', 'EntityAdded')).toEqual([
      'b Conflict: spec.storageActions: Activation a writes AudienceEntered of the same computation to table vip_members already, and calls that do not say which count as AudienceEntered and EntityAdded, so that both would write them under one id: write another table, or one Activation with both triggers',
    ])
    expect(two('EntityRemoved', 'AudienceExited')).toEqual([
      expect.stringContaining('AudienceExited and EntityRemoved'),
    ])
    expect(two('AudienceEntered', 'EntityRemoved')).toEqual([])
    expect(two('AudienceEntered', 'EntityAdded', { table: 'other' })).toEqual([])
  })

  test('who give one column two types', () => {
    const column = (name: string, type: string) => ({ columns: [{ name, type, path: '$.properties.x' }] })
    const exited = { triggers: ['AudienceExited'] }
    expect(
      found(
        destination(),
        space(),
        actions('a', column('Plan', 'String')),
        actions('b', { ...exited, ...column('plan', 'Json') }),
      ),
    ).toEqual([
      'b Conflict: spec.storageActions.columns[0].type: Activation a has column plan of table vip_members as String: write String, or another column or table',
    ])
    expect(
      found(
        destination(),
        space(),
        actions('a', column('plan', 'Json')),
        actions('b', { ...exited, ...column('plan', 'Json') }),
      ),
    ).toEqual([])
  })

  test('the older one keeps it, and one that lost takes nothing from a third', () => {
    const at = (activation: EngageResource, creationTimestamp: string): EngageResource => {
      return { ...activation, metadata: { ...activation.metadata, creationTimestamp } }
    }
    const both = { triggers: ['AudienceEntered', 'AudienceExited'] }
    expect(
      crossCheck([
        destination(),
        space(),
        at(actions('exited', { triggers: ['AudienceExited'] }), '2026-01-03T00:00:00Z'),
        at(actions('both', both), '2026-01-02T00:00:00Z'),
        at(actions('entered'), '2026-01-01T00:00:00Z'),
      ]).map(({ resource: { metadata } }) => metadata.name),
    ).toEqual(['both'])
  })
})

describe('one schema for two', () => {
  test('spaces: engage_x beside the classic schema of x', () => {
    expect(found(destination(), space('x'), space('engage_x'))).toEqual([
      'engage-x Conflict: spec.destinations[0]: EngageSpace x has the schema engage_x on main: write another in schemas',
    ])
    const elsewhere = space('engage_x', { destinations: [{ name: 'lake' }] })
    expect(found(destination(), destination('lake'), space('x'), elsewhere)).toEqual([])
  })

  test('a space and the bookkeeping', () => {
    expect(found(destination('main', { bookkeepingSchema: 'ledger' }), space('ledger'))).toEqual([
      'ledger InvalidSpec: spec.destinations[0]: ledger is the bookkeeping schema of main: write another in schemas',
    ])
  })
})

test('the order of resources does not matter where their age is known', () => {
  const resources = [
    destination(),
    space('x'),
    space('engage_x'),
    actions('a', {}, { spaceRef: { name: 'x' } }),
    actions('b', {}, { spaceRef: { name: 'x' } }),
    classic('c', { computation: { journey: 'none' } }),
  ].map((one, index): EngageResource => {
    return { ...one, metadata: { ...one.metadata, creationTimestamp: `2026-01-0${index + 1}T00:00:00Z` } }
  })
  const expected = crossCheck(resources)
  expect(expected.map(({ reason }) => reason)).toEqual(['Conflict', 'SpaceNotFound', 'Conflict'])
  fc.assert(
    fc.property(fc.shuffledSubarray(resources, { minLength: resources.length }), (shuffled) => {
      expect(crossCheck(shuffled)).toEqual(expected)
    }),
  )
})
