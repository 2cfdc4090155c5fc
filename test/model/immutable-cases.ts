// Changes of a spec that are refused, and some that may be: the tests compare the local mode, the rules in CEL and a real
// API server on them.
import type { Kind } from '../../src/model/resource.ts'
import { ACTIONS, CLASSIC, POSTGRES, SPACE } from './manifests.ts'

const secret = { name: 's', key: 'k' }
const snowflake = { account: 'a', warehouse: 'w', database: 'd', username: 'u', privateKeySecretRef: secret }
const databricks = { host: 'h', httpPath: '/p', catalog: 'c', clientId: 'i', clientSecretSecretRef: secret }
const bigquery = { projectId: 'project', location: 'EU' }
export const REDSHIFT = { host: 'h', database: 'd', username: 'u', passwordSecretRef: secret }
export const connected = (...destinations: unknown[]) => ({ ...SPACE, destinations })

/** Each changes one immutable field, which had the value `was`. */
export const REFUSED: [Kind, before: unknown, after: unknown, field: string, was: string][] = [
  ['WarehouseDestination', { snowflake }, { snowflake: { ...snowflake, account: 'b' } }, 'spec.snowflake.account', 'a'],
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
  ['WarehouseDestination', { bigquery }, { bigquery: { ...bigquery, location: 'US' } }, 'spec.bigquery.location', 'EU'],
  ['WarehouseDestination', { redshift: REDSHIFT }, { redshift: { ...REDSHIFT, host: 'b' } }, 'spec.redshift.host', 'h'],
  [
    'WarehouseDestination',
    { redshift: REDSHIFT },
    { redshift: { ...REDSHIFT, database: 'b' } },
    'spec.redshift.database',
    'd',
  ],
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
]

export const ALLOWED: [Kind, before: unknown, after: unknown][] = [
  ['WarehouseDestination', POSTGRES, { postgres: { ...POSTGRES.postgres, port: 5433, username: 'other' } }],
  ['WarehouseDestination', POSTGRES, { ...POSTGRES, adoptionPolicy: 'Always', bookkeepingSchema: 'engageops' }],
  ['EngageSpace', connected({ name: 'main', schemas: { classic: 'old' } }), connected({ name: 'other' })],
  ['EngageSpace', SPACE, { ...SPACE, audiences: [{ key: 'vip' }] }],
  ['Activation', CLASSIC, { ...CLASSIC, classic: { calls: ['Track'] }, suspend: true }],
  ['Activation', ACTIONS, { ...ACTIONS, storageActions: { ...ACTIONS.storageActions, triggers: ['AudienceExited'] } }],
]
