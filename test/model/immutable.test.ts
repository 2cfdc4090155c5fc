import { describe, expect, test } from 'vitest'
import { structuralSpec } from '../../src/model/crd.ts'
import { immutableViolations } from '../../src/model/immutable.ts'
import type { Kind } from '../../src/model/resource.ts'
import { celMessages } from './cel.ts'
import { ACTIONS, CLASSIC, POSTGRES, resource, SPACE } from './manifests.ts'

const secret = { name: 's', key: 'k' }
const snowflake = { account: 'a', warehouse: 'w', database: 'd', username: 'u', privateKeySecretRef: secret }
const databricks = { host: 'h', httpPath: '/p', catalog: 'c', clientId: 'i', clientSecretSecretRef: secret }
const bigquery = { projectId: 'project', location: 'EU' }
const redshift = { host: 'h', database: 'd', username: 'u', passwordSecretRef: secret }
const connected = (...destinations: unknown[]) => ({ ...SPACE, destinations })

const REMEDY = 'set it back, or make a new'

describe('a change that is refused, here and by the API server', () => {
  test.each<[Kind, before: unknown, after: unknown, field: string, was: string]>([
    [
      'WarehouseDestination',
      { snowflake },
      { snowflake: { ...snowflake, account: 'b' } },
      'spec.snowflake.account',
      'a',
    ],
    [
      'WarehouseDestination',
      { snowflake },
      { snowflake: { ...snowflake, database: 'b' } },
      'spec.snowflake.database',
      'd',
    ],
    ['WarehouseDestination', { databricks }, { databricks: { ...databricks, host: 'b' } }, 'spec.databricks.host', 'h'],
    [
      'WarehouseDestination',
      { databricks },
      { databricks: { ...databricks, catalog: 'b' } },
      'spec.databricks.catalog',
      'c',
    ],
    [
      'WarehouseDestination',
      { bigquery },
      { bigquery: { ...bigquery, projectId: 'another' } },
      'spec.bigquery.projectId',
      'project',
    ],
    [
      'WarehouseDestination',
      { bigquery },
      { bigquery: { ...bigquery, location: 'US' } },
      'spec.bigquery.location',
      'EU',
    ],
    ['WarehouseDestination', { redshift }, { redshift: { ...redshift, host: 'b' } }, 'spec.redshift.host', 'h'],
    ['WarehouseDestination', { redshift }, { redshift: { ...redshift, database: 'b' } }, 'spec.redshift.database', 'd'],
    [
      'WarehouseDestination',
      POSTGRES,
      { postgres: { ...POSTGRES.postgres, host: 'other.example.com' } },
      'spec.postgres.host',
      'db.example.com',
    ],
    [
      'WarehouseDestination',
      { duckdb: { path: 'a.duckdb' } },
      { duckdb: { path: 'b.duckdb' } },
      'spec.duckdb.path',
      'a.duckdb',
    ],
    [
      'WarehouseDestination',
      POSTGRES,
      { ...POSTGRES, bookkeepingSchema: 'ledger' },
      'spec.bookkeepingSchema',
      'engageops',
    ],
    ['EngageSpace', SPACE, { name: 'other' }, 'spec.name', 'default'],
    [
      'EngageSpace',
      connected({ name: 'other' }, { name: 'main', schemas: { classic: 'old' } }),
      connected({ name: 'main', schemas: { classic: 'new' } }),
      'spec.destinations[0].schemas.classic',
      'old',
    ],
    ['Activation', CLASSIC, { ...CLASSIC, spaceRef: { name: 'other' } }, 'spec.spaceRef.name', 'default'],
    ['Activation', CLASSIC, { ...CLASSIC, destinationRef: { name: 'other' } }, 'spec.destinationRef.name', 'main'],
    [
      'Activation',
      ACTIONS,
      { ...ACTIONS, storageActions: { ...ACTIONS.storageActions, table: 'other' } },
      'spec.storageActions.table',
      'vip_members',
    ],
  ])('%s %j -> %j', (kind, before, after, field, was) => {
    const [old, now] = [resource(kind, before), resource(kind, after)]
    expect(immutableViolations(old, now)).toEqual([
      `${field} cannot be changed: it was ${JSON.stringify(was)}; ${REMEDY} ${kind}`,
    ])
    expect(celMessages(structuralSpec(kind), now.spec, old.spec)).toEqual([
      `cannot be changed: it was ${was}; ${REMEDY} ${kind}`,
    ])
  })

  test('an optional field that comes', () => {
    const [old, now] = [
      resource('EngageSpace', connected({ name: 'main' })),
      resource('EngageSpace', connected({ name: 'main', schemas: { storageActions: 'new' } })),
    ]
    expect(immutableViolations(old, now)).toEqual([
      `spec.destinations[0].schemas.storageActions cannot be changed: it was not set; ${REMEDY} EngageSpace`,
    ])
    expect(celMessages(structuralSpec('EngageSpace'), now.spec, old.spec)).toEqual([
      `cannot be changed: it was not set; ${REMEDY} EngageSpace`,
    ])
  })

  test('one computation for another', () => {
    const [old, now] = [
      resource('Activation', CLASSIC),
      resource('Activation', { ...CLASSIC, computation: { journey: 'j' } }),
    ]
    expect(immutableViolations(old, now)).toEqual([
      `spec.computation.audience cannot be changed: it was "vip"; ${REMEDY} Activation`,
      `spec.computation.journey cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
    expect(celMessages(structuralSpec('Activation'), now.spec, old.spec)).toEqual([
      `cannot be changed: it was vip; ${REMEDY} Activation`,
      `cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
  })

  test('one kind of storage for the other', () => {
    const [old, now] = [resource('Activation', CLASSIC), resource('Activation', ACTIONS)]
    expect(immutableViolations(old, now)).toEqual([
      `spec.classic cannot be changed: it was set; ${REMEDY} Activation`,
      `spec.storageActions cannot be changed: it was not set; ${REMEDY} Activation`,
    ])
    expect(celMessages(structuralSpec('Activation'), now.spec, old.spec)).toEqual(
      Array(2).fill(`cannot be changed: ${REMEDY} Activation`),
    )
  })

  test('one warehouse for another', () => {
    const [old, now] = [resource('WarehouseDestination', POSTGRES), resource('WarehouseDestination', { redshift })]
    expect(immutableViolations(old, now).map((message) => message.split(' ')[0])).toEqual([
      'spec.redshift',
      'spec.postgres',
    ])
    expect(celMessages(structuralSpec('WarehouseDestination'), now.spec, old.spec)).toHaveLength(2)
  })
})

test.each<[Kind, before: unknown, after: unknown]>([
  ['WarehouseDestination', POSTGRES, { postgres: { ...POSTGRES.postgres, port: 5433, username: 'other' } }],
  ['WarehouseDestination', POSTGRES, { ...POSTGRES, adoptionPolicy: 'Always', bookkeepingSchema: 'engageops' }],
  ['EngageSpace', connected({ name: 'main', schemas: { classic: 'old' } }), connected({ name: 'other' })],
  ['EngageSpace', SPACE, { ...SPACE, audiences: [{ key: 'vip' }] }],
  ['Activation', CLASSIC, { ...CLASSIC, classic: { calls: ['Track'] }, suspend: true }],
  ['Activation', ACTIONS, { ...ACTIONS, storageActions: { ...ACTIONS.storageActions, triggers: ['AudienceExited'] } }],
])('%s %j -> %j may be', (kind, before, after) => {
  const [old, now] = [resource(kind, before), resource(kind, after)]
  expect(immutableViolations(old, now)).toEqual([])
  expect(celMessages(structuralSpec(kind), now.spec, old.spec)).toEqual([])
})
