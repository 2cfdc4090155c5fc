import { closeSync, openSync, writeSync } from 'node:fs'
import { generateCalls } from '../src/engage/generate.ts'
import { activationSpec } from '../src/model/activation.ts'
import { destinationSpec } from '../src/model/destination.ts'
import { spaceSpec } from '../src/model/space.ts'
import type { WarehouseBlock } from '../src/model/warehouse-block.ts'
import { compileWorkOrder } from '../src/plan/compile.ts'
import type { WorkOrder } from '../src/plan/work-order.ts'
import type { Warehouse } from '../src/warehouses/port.ts'

export const SCHEMA = 'engage_bench'
/** Tables that the calls land in. */
export const TABLES = ['identifies', 'users', 'audience_entered', 'audience_exited'] as const

/** Identify and track calls of one audience, with so many traits or properties, and a tenth as many users as calls. */
export function writeCalls(path: string, count: number, properties: number): void {
  const file = openSync(path, 'w')
  let text = ''
  const calls = generateCalls({
    seed: 1,
    count,
    users: Math.max(1, Math.floor(count / 10)),
    // Two come with every call of an audience.
    properties: Math.max(0, properties - 2),
    kinds: ['AudienceIdentify', 'AudienceTrack'],
    start: new Date('2026-01-01T00:00:00Z'),
  })
  for (const call of calls) {
    text += `${call}\n`
    if (text.length > 1 << 20) {
      writeSync(file, text)
      text = ''
    }
  }
  writeSync(file, text)
  closeSync(file)
}

const API = 'engageops.dev/v1alpha1' as const
const metadata = (name: string) => ({ name, namespace: 'bench', uid: name })

/** What `engageops sync` would get from a space with one audience in classic storage. */
export function orderFor({ dialect, capabilities }: Warehouse, block: WarehouseBlock): WorkOrder {
  return compileWorkOrder(
    {
      apiVersion: API,
      kind: 'EngageSpace',
      metadata: metadata('bench'),
      spec: spaceSpec.parse({
        name: 'bench',
        destinations: [{ name: 'warehouse' }],
        audiences: [{ key: 'first_time_shopper' }],
      }),
    },
    {
      apiVersion: API,
      kind: 'WarehouseDestination',
      metadata: metadata('warehouse'),
      spec: destinationSpec.parse({ [block.kind]: block.settings }),
    },
    [
      {
        apiVersion: API,
        kind: 'Activation',
        metadata: metadata('shopper'),
        spec: activationSpec.parse({
          spaceRef: { name: 'bench' },
          destinationRef: { name: 'warehouse' },
          computation: { audience: 'first_time_shopper' },
          classic: {},
        }),
      },
    ],
    { identifiers: dialect.identifiers, maxColumns: capabilities.maxColumns, installationId: 'bench' },
  )
}
