import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { nameOf } from '../../../src/model/manifest.ts'
import { KINDS, type Kind } from '../../../src/model/resource.ts'
import type { Installed } from '../installed.ts'
import { manifestsIn, stackOf, untyped } from '../stacks.ts'

interface Manifest {
  kind: Kind
  metadata: { name: string; namespace?: string }
  spec: unknown
}

const folder = path.join(import.meta.dirname, '../../../examples')
/** The resources of an example, as they were written by hand. */
function written(example: string): Manifest[] {
  return globSync(`${example}/*.yaml`, { cwd: folder })
    .sort()
    .flatMap((file) => parseAllDocuments(readFileSync(path.join(folder, file), 'utf8')))
    .map((document): Manifest => document.toJS())
    .filter(({ kind }) => KINDS.includes(kind))
}

const byName = (manifests: unknown[]) => manifests.toSorted((a, b) => nameOf(a).localeCompare(nameOf(b)))

export function examples(installed: Installed): void {
  const { engage } = installed
  const { Backend, EngageDefaults, EngageManifests } = engage

  describe.each(['quickstart', 'kubernetes', 'kubernetes-s3'])('manifests of examples/%s', (example) => {
    test.each(Object.values(Backend))('are the same, field for field, through %s', (backend) => {
      const stack = stackOf(installed)
      EngageDefaults.set(stack, { backend })
      for (const { kind, metadata, spec } of written(example)) {
        new engage[`${kind}Manifest`](stack, `${kind}-${metadata.name}`, { ...metadata, spec: untyped(spec) })
      }
      expect(written(example).length).toBeGreaterThan(3)
      expect(byName(documentsOf(EngageManifests.toYaml(stack)))).toStrictEqual(byName(written(example)))
      if (backend === Backend.YAML) return
      expect(byName(manifestsIn(installed, stack))).toStrictEqual(byName(written(example)))
    })
  })

  test.each(Object.values(Backend))('constructs of intent make examples/kubernetes, through %s', (backend) => {
    const stack = stackOf(installed)
    EngageDefaults.set(stack, { backend })
    exampleOfIntent(installed, stack)
    expect(byName(documentsOf(EngageManifests.toYaml(stack)))).toStrictEqual(byName(written('kubernetes')))
    if (backend === Backend.YAML) return
    expect(byName(manifestsIn(installed, stack))).toStrictEqual(byName(written('kubernetes')))
  })
}

const documentsOf = (yaml: string): unknown[] => parseAllDocuments(yaml).map((document): unknown => document.toJS())

/** examples/kubernetes by constructs of intent. */
function exampleOfIntent({ engage }: Installed, stack: ReturnType<typeof stackOf>): void {
  const { AudienceType, LogicalType, Trigger, Warehouse } = engage
  const warehouse = new engage.WarehouseDestination(stack, 'warehouse', {
    warehouse: Warehouse.postgres({
      host: 'db.example.com',
      database: 'analytics',
      username: 'engageops',
      passwordSecretRef: { name: 'warehouse', key: 'password' },
    }),
    sync: { schedule: '0 * * * *' },
  })
  const space = new engage.EngageSpace(stack, 'default', {
    spaceName: 'default',
    sources: [{ name: 'calls', volume: { claimName: 'calls' } }],
  })
  space.connect(warehouse)
  const shoppers = space.addAudience('first_time_shopper', { name: 'First-time shoppers' })
  const carts = space.addAudience('abandoned_carts', { name: 'Abandoned carts', type: AudienceType.LINKED })
  const revenue = space.addComputedTrait('total_revenue_180_days', {
    name: 'Revenue of the last 180 days',
    type: LogicalType.FLOAT,
  })
  const welcome = space.addJourney('welcome', { name: 'Welcome' })
  warehouse.activate('shoppers', { name: 'first-time-shopper', computation: shoppers, classic: {} })
  warehouse.activate('revenue', { name: 'total-revenue', computation: revenue, classic: {} })
  const cart = '$.properties.data_graph_entity_context.shopping_cart'
  warehouse.activate('carts', {
    name: 'abandoned-carts',
    computation: carts,
    storageActions: {
      table: 'abandoned_carts',
      triggers: [Trigger.ENTITY_ADDED, Trigger.ENTITY_REMOVED],
      columns: [
        { name: 'cart_id', type: LogicalType.STRING, path: `${cart}.id` },
        { name: 'cart_total', type: LogicalType.DECIMAL, path: `${cart}.total` },
      ],
    },
  })
  warehouse.activate('welcome', {
    name: 'welcome-steps',
    computation: welcome,
    storageActions: { table: 'welcome_steps' },
  })
}
