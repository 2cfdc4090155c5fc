import { describe, expect, test } from 'vitest'
import type { Kind } from '../../../src/model/resource.ts'
import { ACTIONS, CLASSIC, POSTGRES as DESTINATION, problemsOf } from '../../model/manifests.ts'
import { BROKEN, TWICE, VALID, withSchedule } from '../../model/rule-cases.ts'
import type { Installed } from '../installed.ts'
import { connected, POSTGRES, stackOf, synth, untyped } from '../stacks.ts'

/** What neither a rule nor a list says: fields, types, choices, and texts that only Node can judge. */
const MISTYPED: [Kind, spec: unknown][] = [
  ['WarehouseDestination', { ...DESTINATION, sync: { suspend: 'yes', historyLimit: 1.5 }, adoptionPolicy: 'never' }],
  ['WarehouseDestination', { ...DESTINATION, sync: { timeZone: 'Europe/Berln' } }],
  ['WarehouseDestination', withSchedule('0 0 30 2 *')],
  ['WarehouseDestination', { postgres: { host: 'db.example.com', pasword: 'x' } }],
  ['EngageSpace', { nam: 'default', audiences: [{ key: 12345 }, { name: 'VIP' }] }],
  ['EngageSpace', { name: 'x'.repeat(100), destinations: [{ name: 'Main Warehouse', selectivSync: [] }] }],
  ['EngageSpace', { name: 'x', sources: [{ name: 'a', objectStore: { url: 'https://user:hunter2@bucket' } }] }],
  ['Activation', { ...CLASSIC, spaceRef: 'default', suspended: true }],
  ['Activation', { ...ACTIONS, storageActions: { table: 't', triggers: ['AudienceEntred'] } }],
  ['Activation', null],
]

export function refusals(installed: Installed): void {
  const { engage } = installed
  const { AudienceType, LogicalType, Trigger } = engage

  /** Makes the manifest of a spec that may be anything, as JavaScript can. */
  function declare(kind: Kind, spec: unknown): void {
    const stack = stackOf(installed)
    new engage[`${kind}Manifest`](stack, 'main', { spec: untyped(spec) })
    synth(installed, stack)
  }

  describe('what engageops validate refuses', () => {
    const cases = [...BROKEN, ...TWICE, ...MISTYPED].map(([kind, spec]) => [kind, spec] as const)

    test.each(cases)('%s %j is refused in the same words', (kind, spec) => {
      const lines = problemsOf(kind, spec).map((problem) => `main/main: ${kind}/main: ${problem}`)
      expect(lines.length).toBeGreaterThan(0)
      expect(() => declare(kind, spec)).toThrow(new Error(lines.join('\n')))
    })

    test.each(VALID)('%s %j is accepted', (kind, spec) => {
      expect(() => declare(kind, spec)).not.toThrow()
    })

    test('a name that is no name', () => {
      const stack = stackOf(installed)
      const make = () => new engage.EngageSpaceManifest(stack, 'space', { name: 'My Space', spec: { name: 'default' } })
      expect(make).toThrow(
        'main/space: EngageSpace/My Space: metadata.name: "My Space" is not a resource name: write lower-case letters, digits and -, such as main-warehouse',
      )
    })
  })

  describe('what takes several resources to see', () => {
    test('two activations that give one column two types', () => {
      const { stack, space, warehouse } = connected(installed)
      const one = space.addAudience('vip')
      const other = space.addAudience('new')
      const actions = (type: typeof LogicalType.STRING | typeof LogicalType.JSON) => ({
        table: 'members',
        columns: [{ name: 'plan', type, path: '$.properties.plan' }],
      })
      warehouse.activate('a', { name: 'a', computation: one, storageActions: actions(LogicalType.STRING) })
      warehouse.activate('b', { name: 'b', computation: other, storageActions: actions(LogicalType.JSON) })
      expect(() => synth(installed, stack)).toThrow(
        'main/warehouse/b/Resource: Activation/b: spec.storageActions.columns[0].type: Activation a has column plan of table members as String: write String, or another column or table',
      )
    })

    test('two activations of the same calls', () => {
      const { stack, space, warehouse } = connected(installed)
      const vip = space.addAudience('vip')
      warehouse.activate('a', { name: 'a', computation: vip, classic: {} })
      warehouse.activate('b', { name: 'b', computation: vip, classic: {} })
      expect(() => synth(installed, stack)).toThrow(
        'main/warehouse/b/Resource: Activation/b: "vip" through identify calls is already activated by the older Activation "a"',
      )
    })

    test('a key that the space does not have', () => {
      const { stack, space, warehouse } = connected(installed)
      space.addComputedTrait('ltv', { type: LogicalType.DECIMAL })
      warehouse.activate('a', { computation: space.audience('vip'), classic: {} })
      warehouse.activate('b', { computation: space.audience('ltv'), classic: {} })
      expect(() => synth(installed, stack)).toThrow(
        /EngageSpace space has no audience "vip": declare it in audiences of the space, or correct the key\n.*it is a computed trait/,
      )
    })

    test('a warehouse that the space is not connected to', () => {
      const { stack, space } = connected(installed)
      const lake = new engage.WarehouseDestination(stack, 'lake', { warehouse: engage.Warehouse.postgres(POSTGRES) })
      lake.activate('a', { computation: space.addAudience('vip'), classic: {} })
      expect(() => synth(installed, stack)).toThrow(
        'spec.destinationRef.name: EngageSpace space is not connected to lake: add it to the destinations of the space',
      )
    })

    test('a trigger that the audience does not have', () => {
      const { stack, space, warehouse } = connected(installed)
      warehouse.activate('a', {
        computation: space.addAudience('vip'),
        storageActions: { table: 't', triggers: [Trigger.ENTITY_ADDED] },
      })
      expect(() => synth(installed, stack)).toThrow(
        'only Linked Audiences have EntityAdded, "vip" is a Profile audience',
      )
    })

    test('one name twice', () => {
      const stack = stackOf(installed)
      for (const id of ['a', 'b'])
        new engage.EngageSpaceManifest(stack, id, { name: 'same', spec: { name: 'default' } })
      expect(() => synth(installed, stack)).toThrow(
        'main/b: EngageSpace/same: metadata.name: stands in main/a too: keep one of them, or give this one another name',
      )
    })

    test('schemas that two spaces resolve to', () => {
      const { stack, warehouse } = connected(installed)
      const other = new engage.EngageSpace(stack, 'other', { spaceName: 'engage_default' })
      other.connect(warehouse)
      expect(() => synth(installed, stack)).toThrow(
        'has the schema engage_default on warehouse: write another in schemas',
      )
    })
  })

  describe('what one call shows', () => {
    test('a repeated key, a second connection', () => {
      const { space } = connected(installed)
      space.addAudience('vip', { type: AudienceType.LINKED })
      expect(() => space.addJourney('vip')).toThrow(
        'main/space/Resource: EngageSpace/space: spec.journeys[0].key: "vip" repeats a key of audiences: give each computation a key of its own',
      )
      const again = connected(installed)
      again.space.addAudience('vip')
      expect(() => again.space.connect(again.warehouse)).toThrow('stands twice in the list: keep one of them')
    })

    test('references into another namespace', () => {
      const { stack, space } = connected(installed)
      const other = new engage.WarehouseDestination(stack, 'other', {
        namespace: 'team-a',
        warehouse: engage.Warehouse.postgres(POSTGRES),
      })
      expect(() => space.connect(other)).toThrow(
        'main/space/Resource: EngageSpace/space: is in namespace default and refers to main/other in team-a: write one namespace for both',
      )
    })

    test('a directive that mapping-kit does not have', () => {
      const stack = stackOf(installed)
      const mapping = { properties: { id: { '@pth': '$.messageId' } } }
      const spec = {
        spaceRef: { name: 'default' },
        destinationRef: { name: 'main' },
        computation: { audience: 'vip' },
        storageActions: { table: 't', triggers: [Trigger.AUDIENCE_ENTERED], mapping },
      }
      expect(() => new engage.ActivationManifest(stack, 'a', { spec })).toThrow(
        'main/a: Activation/a: spec.storageActions.mapping.properties.id: @pth is no directive: did you mean @path?',
      )
    })

    test('a secret that is written instead of named is never shown', () => {
      const stack = stackOf(installed)
      const spec = untyped({ postgres: { ...POSTGRES, passwordSecretRef: 'hunter2canary' } })
      const make = () => new engage.WarehouseDestinationManifest(stack, 'main', { spec })
      expect(make).toThrow('must name a Secret, never hold the value itself')
      expect(make).not.toThrow('hunter2canary')
    })
  })

  describe('what only types say', () => {
    const make = () => {
      const made = connected(installed)
      return { ...made, computation: made.space.addAudience('vip') }
    }

    test.each<[string, string, (made: ReturnType<typeof make>) => unknown]>([
      [
        'a destination without a warehouse',
        'main/lake: warehouse: is no Warehouse: write Warehouse.postgres({ ... }), or another of them',
        ({ stack }) => new engage.WarehouseDestination(stack, 'lake', untyped({})),
      ],
      [
        'a connection to nothing',
        'main/space: destination: is none: write a WarehouseDestination',
        ({ space }) => space.connect(untyped({}).none),
      ],
      [
        'a pipeline without a destination',
        'main/p/Space: destination: is none: write a WarehouseDestination',
        ({ stack }) => new engage.EngagePipeline(stack, 'p', untyped({ spaceName: 'p' })),
      ],
      [
        'a mapping that is not built',
        'main/warehouse/a: storageActions.mapping: is no Mapping: write Mapping.object({ ... }); ActivationManifest takes plain data',
        ({ warehouse, computation }) =>
          warehouse.activate('a', { computation, storageActions: untyped({ table: 't', mapping: { id: '$.id' } }) }),
      ],
      [
        'a key where a computation belongs',
        'main/warehouse/a: computation: is none: write what space.addAudience(key) returns',
        ({ warehouse }) => warehouse.activate('a', untyped({ computation: 'vip', classic: {} })),
      ],
      [
        'an activation without a destination',
        'main/a: destination: is none: write a WarehouseDestination',
        ({ stack, computation }) =>
          new engage.Activation(stack, 'a', { computation, destination: untyped({}), classic: {} }),
      ],
      [
        'a computed trait without a type',
        'main/space: computed trait "ltv": has no type: write { type: LogicalType.DECIMAL }, or another of them',
        ({ space }) => space.addComputedTrait('ltv', untyped({}).none),
      ],
      [
        'a field of storage that there is not',
        'spec.storageActions.column: unknown field `column`, did you mean `columns`?',
        ({ warehouse, computation }) =>
          warehouse.activate('a', { computation, storageActions: untyped({ table: 't', column: [] }) }),
      ],
      [
        'a field of storage in a pipeline that there is not',
        'spec.storageActions.column: unknown field `column`, did you mean `columns`?',
        ({ stack, warehouse: destination }) =>
          new engage.EngagePipeline(stack, 'p', {
            spaceName: 'p',
            destination,
            journeys: [{ key: 'welcome', storage: untyped({ column: [] }) }],
          }),
      ],
    ])('%s', (_, message, act) => {
      const made = make()
      expect(() => act(made)).toThrow(message)
    })
  })
}
