import { expect, test } from 'vitest'
import { renderEstimates } from '../../src/cli/estimates-view.ts'
import { renderHistory } from '../../src/cli/history-view.ts'
import { type PlanView, renderPlan } from '../../src/cli/plan-view.ts'
import { renderStatus } from '../../src/cli/status-view.ts'
import type { Activation } from '../../src/model/activation.ts'
import type { EngageResource } from '../../src/model/kinds.ts'
import { parseManifests } from '../../src/model/load.ts'
import type { Condition, RecordedRun } from '../../src/model/status.ts'
import type { Change } from '../../src/plan/change.ts'
import { makePlan } from '../../src/plan/plan.ts'

const now = new Date('2026-11-24T12:00:00Z')

const MANIFESTS = `
apiVersion: engageops.dev/v1alpha1
kind: WarehouseDestination
metadata: {name: warehouse}
spec: {duckdb: {path: warehouse.duckdb}}
---
apiVersion: engageops.dev/v1alpha1
kind: EngageSpace
metadata: {name: default}
spec: {name: default, destinations: [{name: warehouse}], audiences: [{key: big_spenders}]}
---
apiVersion: engageops.dev/v1alpha1
kind: Activation
metadata: {name: big-spenders}
spec: {spaceRef: {name: default}, destinationRef: {name: warehouse}, computation: {audience: big_spenders}, classic: {}}
`

const condition = (status: Condition['status'], reason: string): Condition => ({
  type: 'Ready',
  status,
  reason,
  message: '',
  lastTransitionTime: '2026-11-24T11:00:00Z',
})

const run: RecordedRun = {
  destination: 'warehouse',
  runId: 'r2',
  start: '2026-11-24T11:54:57Z',
  end: '2026-11-24T11:55:00Z',
  status: 'Partial',
  rows: 1234,
  notices: [
    { level: 'Warning', message: 'users: plan: is not a number', count: 3 },
    { level: 'Info', message: 'id was made', count: 1 },
  ],
}

function resources(): EngageResource[] {
  const { resources, errors } = parseManifests([{ file: 'm.yaml', text: MANIFESTS }])
  expect(errors).toEqual([])
  return resources.map(({ resource }) => resource)
}

function syncedActivation(): Activation {
  const activation = resources().find((resource) => resource.kind === 'Activation')
  if (!activation) throw new Error('the manifests have no activation')
  return {
    ...activation,
    metadata: { ...activation.metadata, creationTimestamp: '2026-11-22T12:00:00Z' },
    status: {
      conditions: [condition('False', 'Conflict')],
      tables: ['identifies', 'users'].map((name) => ({ schema: 'engage_default', name, columns: [] })),
      lastSync: run,
      nextSyncTime: '2026-11-24T13:00:00Z',
      history: [run, { ...run, runId: 'r1', status: 'Success', rows: 0, notices: [] }],
    },
  }
}

test('status before the first reconcile says what is not known yet', () => {
  expect(renderStatus(resources(), { now })).toBe(
    `WarehouseDestination
NAME        READY     REASON   TYPE     CONNECTION   ACTIVATIONS   AGE
warehouse   Unknown   <none>   duckdb   <unknown>    0             <unknown>

EngageSpace
NAME      READY     REASON   SCHEMAS   LAST SYNC   NEXT     AGE
default   Unknown   <none>   <none>    <never>     <none>   <unknown>

Activation
NAME           READY     REASON   DESTINATION   TABLE    LAST SYNC   ROWS     NEXT     AGE
big-spenders   Unknown   <none>   warehouse     <none>   <never>     <none>   <none>   <unknown>
`,
  )
})

test('status of a synced activation has its run and its tables', () => {
  expect(renderStatus([syncedActivation()], { now })).toBe(
    `Activation
NAME           READY   REASON     DESTINATION   TABLE                          LAST SYNC        ROWS    NEXT    AGE
big-spenders   False   Conflict   warehouse     engage_default.identifies +1   Partial 5m ago   1,234   in 1h   2d
`,
  )
})

test('the namespace is a column as soon as there are two', () => {
  const activation = syncedActivation()
  const other: Activation = { ...activation, metadata: { ...activation.metadata, namespace: 'team-b' } }
  const lines = renderStatus([activation, other], { now }).split('\n')
  expect(lines[1]).toMatch(/^NAMESPACE {3}NAME/)
  expect(lines[3]).toMatch(/^team-b {6}big-spenders/)
})

test('history shows past runs, the gravest notice, and the next sync', () => {
  expect(renderHistory([syncedActivation()], { now })).toBe(
    `Activation default/big-spenders
RUN   START                  DURATION   STATUS    ROWS    NOTICES
r2    2026-11-24T11:54:57Z   3s         Partial   1,234   users: plan: is not a number (3 times), and 1 more
r1    2026-11-24T11:54:57Z   3s         Success   0       <none>
Next sync: 2026-11-24T13:00:00Z (in 1h)
`,
  )
})

test('history without runs says so', () => {
  const { status: _, ...fresh } = syncedActivation()
  expect(renderHistory([fresh], { now })).toBe(
    'Activation default/big-spenders\nNo sync has run yet.\nNext sync: <none>\n',
  )
})

const users = { schema: 'engage_default', name: 'users' }
const dialect = { change: ({ kind }: Change) => [`${kind} (\n  "id" text\n);`] }
const planOf = (...changes: Change[]): PlanView => ({
  space: 'default/default',
  destination: 'warehouse',
  ...makePlan(changes, dialect),
})

test('a plan shows changes, SQL and totals', () => {
  const plan = planOf(
    { kind: 'CreateSchema', schema: 'engage_default' },
    {
      kind: 'CreateTable',
      table: { ...users, key: ['id'], columns: [{ name: 'id', type: 'String', origin: 'Standard' }] },
    },
    { kind: 'WidenColumn', table: users, column: 'plan', from: 'Integer', to: 'Float' },
  )
  expect(renderPlan([plan, planOf()], false)).toBe(
    `EngageSpace default/default -> WarehouseDestination warehouse
  + create schema engage_default
  + create table engage_default.users, 1 column
  ~ widen column engage_default.users.plan from Integer to Float

    CreateSchema (
      "id" text
    );
    CreateTable (
      "id" text
    );
    WidenColumn (
      "id" text
    );

Plan: 2 to create, 1 to change, 0 to drop.
`,
  )
})

test('a plan that loses data says so and shows its hash', () => {
  const plan = planOf({ kind: 'DropColumn', table: users, column: 'plan' })
  const text = renderPlan([plan], false)
  expect(text).toContain(`- drop column engage_default.users.plan (loses data)\n  hash ${plan.hash}\n`)
  expect(text).toContain('0 to create, 0 to change, 1 to drop')
})

test('without changes there is one line', () => {
  expect(renderPlan([planOf()], false)).toBe('No changes: the warehouses are as declared.\n')
  expect(renderPlan([planOf()], true)).toBe('No changes that can be made: see the problems below.\n')
})

test('what merges would read stands below the plan, in units that people read', () => {
  const merges = [
    { table: 'engage_default.identifies', bytes: 1_610_612_736 },
    { table: 'engage_default.users', bytes: 0 },
    { table: 'default.carts', unknown: 'WarehouseError: BigQuery refused\na statement' },
  ]
  expect(renderEstimates([{ space: 'default/default', destination: 'warehouse', merges }])).toBe(
    `
Merging new calls of EngageSpace default/default into WarehouseDestination warehouse would read:
TABLE                       BYTES
engage_default.identifies   1.5 GiB
engage_default.users        0 B
default.carts               unknown: WarehouseError: BigQuery refused a statement
`,
  )
  expect(renderEstimates([])).toBe('')
})

test('status tells what is to be known of tables though the resource is ready', () => {
  const activation = syncedActivation()
  const schema = { ...condition('False', 'DataExpires'), type: 'SchemaReady', message: 'in 60 days\nall is gone' }
  const withConditions = (...conditions: Condition[]): Activation => ({
    ...activation,
    status: { tables: [], history: [], ...activation.status, conditions },
  })
  const ready = withConditions(condition('True', 'Ready'), schema)
  expect(renderStatus([ready], { now })).toMatch(
    /\n\nnote: Activation\/big-spenders: DataExpires: in 60 days all is gone\n$/,
  )
  const stalled = withConditions(condition('False', 'AdoptionRefused'), schema)
  expect(renderStatus([stalled], { now })).not.toContain('note:')
})
