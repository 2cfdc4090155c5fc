import { expect, it } from 'vitest'
import { LOGICAL_TYPES } from '../../src/model/table.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { SESSION_SETTINGS, stagingPlace } from '../../src/warehouses/snowflake/config.ts'
import { observeQuery } from '../../src/warehouses/snowflake/introspect.ts'
import {
  copyStatement,
  externalFolder,
  filesStatement,
  folderOf,
  loadsOf,
  putStatement,
  stageStatement,
  typesOf,
} from '../../src/warehouses/snowflake/load.ts'

const golden = (name: string, statements: readonly string[]) =>
  expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot(`golden/snowflake/${name}.sql`)

const part = (file: string, columns: string[], rows = 1) => ({ path: file, columns, rows, longestLine: 100 })

it('knows a database whatever the case of its name, unless that needs quotes', async () => {
  const identity = async (database: string) => {
    const privateKeySecretRef = { name: 'warehouse', key: 'key' }
    const settings = { account: 'Acme-Prod', warehouse: 'w', database, username: 'u', privateKeySecretRef }
    return (await openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret: async () => '' })).identity
  }
  expect(await identity('analytics')).toBe('snowflake:acme-prod/ANALYTICS')
  expect(await identity('my data')).toBe('snowflake:acme-prod/my data')
})

it('begins a session', () => golden('session', [SESSION_SETTINGS]))

it('observes', () => golden('observe', [observeQuery(['engageops', 'engage_default'])]))

it('loads a stage: parts of the same columns at once, empty ones not at all', async () => {
  const columns = LOGICAL_TYPES.map((type) => ({ name: `a_${type.toLowerCase()}`, type }))
  const all = columns.map(({ name }) => name)
  const parts = [
    part('/tmp/run 1/a-0.csv', all),
    part("/tmp/run 1/it's-0.csv", ['a_json', 'a_string']),
    part('/tmp/run 1/a-1.csv', all),
    part('/tmp/run 1/empty.csv', ['a_string'], 0),
  ]
  const input = { schema: 'engageops', columns, parts }
  const name = '"ENGAGEOPS"."EO_STAGE_1"'
  await golden('load', [
    stageStatement(name, input),
    filesStatement('engageops'),
    ...loadsOf(input).flatMap((load, number) => {
      const folder = folderOf('engageops', 1, number)
      const puts = load.parts.map(({ path }) => putStatement(`${path}.gz`, folder))
      return [...puts, copyStatement(name, load.columns, typesOf(columns), { folder })]
    }),
  ])
})

it('loads named files of an external stage, and leaves them there', async () => {
  const columns = [{ name: 'id', type: 'String' as const }]
  const files = ['0.csv.gz', '1.csv.gz']
  const source = { folder: externalFolder('analytics.loading.FILES', 'engageops-1'), files }
  await golden('load-external', [copyStatement('"ENGAGEOPS"."EO_STAGE_1"', ['id'], typesOf(columns), source)])
})

it('puts files where a stage has them: buckets of Google through their S3 API', () => {
  const place = (url: string, more = {}) => stagingPlace({ stage: 's.files', url, ...more })
  expect(place('s3://bucket/prefix', { region: 'eu-west-1' })).toEqual({
    url: 's3://bucket/prefix',
    region: 'eu-west-1',
    field: 'spec.snowflake.staging.url',
  })
  const credentialsSecretRef = { name: 'hmac' }
  expect(place('gcs://bucket', { credentialsSecretRef })).toEqual({
    url: 'gcs://bucket',
    endpoint: 'https://storage.googleapis.com',
    region: 'auto',
    credentialsSecretRef,
    field: 'spec.snowflake.staging.url',
  })
})
