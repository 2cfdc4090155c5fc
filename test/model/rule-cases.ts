// Specs that keep the rules of one resource, and specs that break one, with the words for it: the tests compare zod, the
// rules in CEL and a real API server on them.
import type { Kind } from '../../src/model/resource.ts'
import { FLATTEN, LINKED_AUDIENCE } from '../fixtures/mappings.ts'
import { ACTIONS, CLASSIC, POSTGRES, SPACE } from './manifests.ts'

const [DESTINATION, ENGAGE_SPACE, ACTIVATION] = ['WarehouseDestination', 'EngageSpace', 'Activation'] as const

const column = { name: 'plan', type: 'String', path: '$.properties.plan' }
const withMapping = (mapping: object) => ({ ...ACTIONS, storageActions: { ...ACTIONS.storageActions, mapping } })
const withColumns = (...columns: object[]) => ({ ...ACTIONS, storageActions: { ...ACTIONS.storageActions, columns } })
const secret = { name: 's', key: 'k' }
const SNOWFLAKE = { account: 'a', warehouse: 'w', database: 'd', username: 'u' }
const withStaging = (staging: object) => ({
  snowflake: { ...SNOWFLAKE, oauthTokenSecretRef: secret, staging: { stage: 's.files', ...staging } },
})

const withToleration = (toleration: object) => ({ ...POSTGRES, sync: { pod: { tolerations: [toleration] } } })
const withNodes = (...matchExpressions: object[]) => ({
  ...POSTGRES,
  sync: {
    pod: {
      affinity: {
        nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions }] } },
      },
    },
  },
})

export const VALID: [Kind, spec: unknown][] = [
  [DESTINATION, POSTGRES],
  [
    DESTINATION,
    { duckdb: { path: 'warehouse.duckdb' }, sync: { schedule: '*/15 8-18 * * mon-fri', timeZone: 'Asia/Tokyo' } },
  ],
  [DESTINATION, { ...POSTGRES, driftPolicy: { interval: 'OnSync' }, probeInterval: '90s' }],
  [DESTINATION, withStaging({ url: 's3://bucket/prefix' })],
  [DESTINATION, withStaging({ url: 'gcs://bucket', credentialsSecretRef: { name: 'hmac' } })],
  [DESTINATION, withStaging({ url: 's3compat://bucket', endpoint: 'https://store.example.com' })],
  [DESTINATION, withToleration({ operator: 'Exists' })],
  [DESTINATION, withToleration({ key: 'dedicated', value: 'syncs', effect: 'NoExecute', tolerationSeconds: 60 })],
  [
    DESTINATION,
    withNodes(
      { key: 'pool', operator: 'In', values: ['spot', 'syncs'] },
      { key: 'arch', operator: 'Exists' },
      { key: 'cores', operator: 'Gt', values: ['4'] },
    ),
  ],
  [ENGAGE_SPACE, SPACE],
  [
    ENGAGE_SPACE,
    { name: 'default', sources: [{ name: 'calls', directory: 'calls' }], audiences: [{ key: '会员 🎉' }] },
  ],
  [ENGAGE_SPACE, { name: 'x', destinations: [{ name: 'main', schemas: { classic: 'Old Schema; DROP' } }] }],
  [ACTIVATION, CLASSIC],
  [ACTIVATION, ACTIONS],
  [ACTIVATION, withMapping({ properties: {} })],
  [ACTIVATION, withMapping({ ...LINKED_AUDIENCE, ...FLATTEN })],
  [ACTIVATION, withMapping(FLATTEN)],
  [ACTIVATION, withColumns({ ...column, path: 'properties.plan' })],
  [ACTIVATION, withColumns(column, { name: 'first', type: 'String', path: '$.properties.items[0].id' })],
  [
    ACTIVATION,
    { ...ACTIONS, computation: { journey: 'j' }, storageActions: { table: 't', triggers: ['JourneyStepEntered'] } },
  ],
]

const oneWarehouse =
  'must have exactly one warehouse block: write one of snowflake, databricks, bigquery, redshift, postgres or duckdb'
const oneLogin = 'must have exactly one way to log in: write privateKeySecretRef or oauthTokenSecretRef'
const oneSource = 'must have exactly one kind: write one of objectStore, volume or directory'
const oneComputation = 'must name exactly one computation: write one of audience, computedTrait or journey'
export const ONE_STORAGE =
  'must have exactly one kind of storage: write either classic or storageActions; classic: {} has all defaults'
const schedule =
  'is not a schedule: write five cron fields (minute, hour, day of month, month, day of week 0-6), such as "0 * * * *"; the zone goes to timeZone'
const fits =
  'has values that do not fit its operator: write some for In and NotIn, one for Gt and Lt, none for Exists and DoesNotExist'
const reserved = 'is reserved (engageops, information_schema, pg_*): write another name'
export const withSchedule = (text: string) => ({ ...POSTGRES, sync: { schedule: text } })
const withSchemas = (schemas: unknown) => ({ name: 'x', destinations: [{ name: 'main', schemas }] })
const withTriggers = (computation: unknown, ...triggers: string[]) => ({
  ...ACTIONS,
  computation,
  storageActions: { table: 't', triggers },
})

const NODES = 'spec.sync.pod.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution'

/** Each breaks one rule that stands in CEL too. The path has the value behind it where the message shows it. */
export const BROKEN: [Kind, spec: unknown, path: string, message: string][] = [
  [DESTINATION, {}, 'spec', oneWarehouse],
  [DESTINATION, { ...POSTGRES, duckdb: { path: 'x' } }, 'spec', oneWarehouse],
  [DESTINATION, { snowflake: SNOWFLAKE }, 'spec.snowflake', oneLogin],
  [
    DESTINATION,
    { snowflake: { ...SNOWFLAKE, privateKeySecretRef: secret, oauthTokenSecretRef: secret } },
    'spec.snowflake',
    oneLogin,
  ],
  [
    DESTINATION,
    withStaging({ url: 'gcs://bucket' }),
    'spec.snowflake.staging',
    'needs HMAC keys for a bucket of Google: write credentialsSecretRef',
  ],
  [
    DESTINATION,
    withStaging({ url: 's3compat://bucket' }),
    'spec.snowflake.staging',
    'needs the address of an S3-compatible store: write endpoint',
  ],
  [
    DESTINATION,
    withToleration({ key: 'a', operator: 'Exists', value: 'b' }),
    'spec.sync.pod.tolerations[0]',
    'has a value that Exists does not compare: write operator Equal, or no value',
  ],
  [
    DESTINATION,
    withToleration({ value: 'b' }),
    'spec.sync.pod.tolerations[0]',
    'tolerates all taints only with operator Exists: write it, or a key',
  ],
  [
    DESTINATION,
    withToleration({ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }),
    'spec.sync.pod.tolerations[0]',
    'has tolerationSeconds, which only NoExecute knows: write effect NoExecute, or no tolerationSeconds',
  ],
  ...[
    { key: 'a', operator: 'In' },
    { key: 'a', operator: 'Lt', values: ['1', '2'] },
    { key: 'a', operator: 'Exists', values: ['1'] },
  ].map((requirement): (typeof BROKEN)[number] => [
    DESTINATION,
    withNodes(requirement),
    `${NODES}.nodeSelectorTerms[0].matchExpressions[0]`,
    fits,
  ]),
  [DESTINATION, withSchedule('@hourly'), 'spec.sync.schedule: "@hourly"', schedule],
  [DESTINATION, withSchedule('0 0 0 * * *'), 'spec.sync.schedule: "0 0 0 * * *"', schedule],
  [DESTINATION, withSchedule('TZ=UTC 0 * * * *'), 'spec.sync.schedule: "TZ=UTC 0 * * * *"', schedule],
  [DESTINATION, withSchedule('60 * * * *'), 'spec.sync.schedule: "60 * * * *"', schedule],
  [DESTINATION, withSchedule('0 0 * * 7'), 'spec.sync.schedule: "0 0 * * 7"', schedule],
  [DESTINATION, withSchedule('0 0 * * FRI-SUN'), 'spec.sync.schedule: "0 0 * * FRI-SUN"', schedule],
  [DESTINATION, withSchedule('0 0 L * *'), 'spec.sync.schedule: "0 0 L * *"', schedule],
  [
    DESTINATION,
    withSchedule('0 0 */2 * 1'),
    'spec.sync.schedule: "0 0 */2 * 1"',
    'has a step (*/n) in one day field while the other is set too, which not every cron reads alike: write the days out, such as "0 0 1,15 * 1"',
  ],
  [
    DESTINATION,
    { ...POSTGRES, probeInterval: '59s' },
    'spec.probeInterval: "59s"',
    'is below a minute: write 1m or more',
  ],
  [
    DESTINATION,
    { ...POSTGRES, driftPolicy: { interval: '5s' } },
    'spec.driftPolicy.interval: "5s"',
    'is below a minute: write 1m or more',
  ],
  [
    DESTINATION,
    { ...POSTGRES, bookkeepingSchema: 'pg_x' },
    'spec.bookkeepingSchema: "pg_x"',
    'belongs to the warehouse: write another schema, such as engageops',
  ],
  [ENGAGE_SPACE, { name: 'engageops' }, 'spec.name: "engageops"', reserved],
  [ENGAGE_SPACE, { name: 'pg_temp' }, 'spec.name: "pg_temp"', reserved],
  [ENGAGE_SPACE, withSchemas({ classic: 'PG_Temp' }), 'spec.destinations[0].schemas.classic: "PG_Temp"', reserved],
  [
    ENGAGE_SPACE,
    withSchemas({ storageActions: 'information_schema' }),
    'spec.destinations[0].schemas.storageActions: "information_schema"',
    reserved,
  ],
  [
    ENGAGE_SPACE,
    withSchemas({ classic: 'x' }),
    'spec.destinations[0].schemas',
    'is the schema of both classic storage and storage actions: write different schemas',
  ],
  [ENGAGE_SPACE, { name: 'x', sources: [{ name: 'a' }] }, 'spec.sources[0]', oneSource],
  [
    ENGAGE_SPACE,
    { name: 'x', sources: [{ name: 'a', receiver: { writeKeySecretRef: secret } }] },
    'spec.sources[0].receiver',
    'is for a later version, this one receives no calls: write objectStore, volume or directory',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', audiences: [{ key: 'vip', sql: { destination: 'lake', query: 'SELECT 1' } }] },
    'spec.audiences[0].sql',
    'is for a later version, this one computes no audiences: write the audience without it, its calls come from Segment',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', computedTraits: [{ key: 't', type: 'Integer', sql: { destination: 'lake', query: 'SELECT 1' } }] },
    'spec.computedTraits[0].sql',
    'is for a later version, this one computes no traits: write the trait without it, its calls come from Segment',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', includeAnonymousUsers: true },
    'spec.includeAnonymousUsers: true',
    'is for a later version, this one computes nothing with SQL: write false',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', sources: [{ name: 'a', directory: 'd', volume: { claimName: 'c' } }] },
    'spec.sources[0]',
    oneSource,
  ],
  [ENGAGE_SPACE, { name: 'x', audiences: [{ key: ' \t' }] }, 'spec.audiences[0].key: " \\t"', 'is blank: write a name'],
  [
    ENGAGE_SPACE,
    { name: 'x', audiences: [{ key: 'k' }], journeys: [{ key: 'other' }, { key: 'k' }] },
    'spec.journeys[1].key: "k"',
    'repeats a key of audiences: give each computation a key of its own',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', audiences: [{ key: 'k' }], computedTraits: [{ key: 'k', type: 'String' }] },
    'spec.computedTraits[0].key: "k"',
    'repeats a key of audiences: give each computation a key of its own',
  ],
  [
    ENGAGE_SPACE,
    { name: 'x', journeys: [{ key: 'k' }], computedTraits: [{ key: 'k', type: 'String' }] },
    'spec.journeys[0].key: "k"',
    'repeats a key of computedTraits: give each computation a key of its own',
  ],
  [ACTIVATION, { ...CLASSIC, computation: {} }, 'spec.computation', oneComputation],
  [ACTIVATION, { ...CLASSIC, computation: { audience: 'a', journey: 'j' } }, 'spec.computation', oneComputation],
  [ACTIVATION, { ...CLASSIC, classic: undefined }, 'spec', ONE_STORAGE],
  [ACTIVATION, { ...CLASSIC, ...ACTIONS }, 'spec', ONE_STORAGE],
  [
    ACTIVATION,
    { ...ACTIONS, computation: { computedTrait: 'ltv' } },
    'spec.storageActions',
    'computed traits work with classic storage only: use classic',
  ],
  [
    ACTIVATION,
    withTriggers({ audience: 'vip' }, 'AudienceEntered', 'JourneyStepEntered'),
    'spec.storageActions',
    'JourneyStepEntered is the trigger of journeys: write AudienceEntered, AudienceExited, EntityAdded or EntityRemoved',
  ],
  [
    ACTIVATION,
    withTriggers({ journey: 'j' }, 'JourneyStepEntered', 'EntityAdded'),
    'spec.storageActions',
    'journeys have one trigger: write triggers: [JourneyStepEntered]',
  ],
  [
    ACTIVATION,
    { ...ACTIONS, storageActions: { table: ' ', triggers: ['AudienceEntered'] } },
    'spec.storageActions.table: " "',
    'is blank: write a name',
  ],
  [
    ACTIVATION,
    withMapping({}),
    'spec.storageActions.mapping.properties',
    'is missing: write the columns, such as {plan: {"@path": $.properties.plan}}',
  ],
  [
    ACTIVATION,
    withColumns({ ...column, path: 'properties..plan' }),
    'spec.storageActions.columns[0].path: "properties..plan"',
    'is not a path into the call: write keys with a dot between them, such as $.properties.plan or $.properties.items[0].id',
  ],
]

const trait = { key: 't', type: 'String' }

/** Each has an item of a set or a keyed list twice. */
export const TWICE: [Kind, spec: unknown, path: string][] = [
  [
    ENGAGE_SPACE,
    { name: 'x', destinations: [{ name: 'main' }, { name: 'main' }] },
    'spec.destinations[1].name: "main"',
  ],
  [
    ENGAGE_SPACE,
    {
      name: 'x',
      sources: [
        { name: 'a', directory: 'd' },
        { name: 'a', directory: 'e' },
      ],
    },
    'spec.sources[1].name: "a"',
  ],
  [ENGAGE_SPACE, { name: 'x', audiences: [{ key: 'k' }, { key: 'k' }] }, 'spec.audiences[1].key: "k"'],
  [ENGAGE_SPACE, { name: 'x', computedTraits: [trait, trait] }, 'spec.computedTraits[1].key: "t"'],
  [ENGAGE_SPACE, { name: 'x', journeys: [{ key: 'k' }, { key: 'k' }] }, 'spec.journeys[1].key: "k"'],
  [ACTIVATION, { ...CLASSIC, classic: { calls: ['Track', 'Track'] } }, 'spec.classic.calls[1]: "Track"'],
  [
    ACTIVATION,
    withTriggers({ audience: 'vip' }, 'AudienceExited', 'AudienceExited'),
    'spec.storageActions.triggers[1]: "AudienceExited"',
  ],
  [ACTIVATION, withColumns(column, { ...column, type: 'Json' }), 'spec.storageActions.columns[1].name: "plan"'],
]
