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
  const { engage, tf } = installed
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

  describe('tokens', () => {
    test('are taken to be valid, whatever the field', () => {
      const stack = stackOf(installed)
      const text = new tf.TerraformVariable(stack, 'text', { type: 'string' }).stringValue
      const number = new tf.TerraformVariable(stack, 'number', { type: 'number' }).numberValue
      new engage.WarehouseDestination(stack, 'main', {
        warehouse: engage.Warehouse.postgres({ ...POSTGRES, host: text, port: number }),
        sync: { schedule: text, timeZone: text },
      })
      const spec = { name: text, audiences: [{ key: text }] }
      new engage.EngageSpaceManifest(stack, 'space', { spec })
      expect(() => synth(installed, stack)).not.toThrow()
    })

    test('that are names are the same name everywhere', () => {
      const stack = stackOf(installed)
      const namespace = new engage.kubernetes.namespaceV1.NamespaceV1(stack, 'namespace', {
        metadata: { name: 'team' },
      })
      engage.EngageDefaults.set(stack, { namespace: namespace.metadata.name })
      const { space, warehouse } = connected(installed, stack)
      expect(() => synth(installed, stack)).not.toThrow()
      warehouse.activate('a', { computation: space.audience('none'), classic: {} })
      expect(() => synth(installed, stack)).toThrow('EngageSpace space has no audience "none"')
    })

    test('do not hide what is wrong beside them', () => {
      const stack = stackOf(installed)
      const text = new tf.TerraformVariable(stack, 'text', { type: 'string' }).stringValue
      const spec = { postgres: { ...POSTGRES, porrt: text, port: 0 } }
      expect(() => new engage.WarehouseDestinationManifest(stack, 'main', { spec })).toThrow(
        /spec.postgres.port: 0 is too small: write 1 or more\n.*unknown field `porrt`, did you mean `port`\?/,
      )
    })
  })
}
