import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { destinationSpec } from '../../src/model/destination.ts'
import { WAREHOUSE_KINDS, warehouseOf } from '../../src/model/warehouse-block.ts'
import { grantsFor } from '../../src/warehouses/grants.ts'
import { startPostgres } from '../warehouses/postgres-server.ts'

const QUICKSTART = join(import.meta.dirname, '../../examples/quickstart')
const SCHEMAS = ['engageops', 'default', 'engage_default']
const secret = { name: 'warehouse', key: 'secret' }
const BLOCKS = {
  snowflake: {
    account: 'org-account',
    warehouse: 'LOADING',
    database: 'analytics',
    username: 'engageops',
    privateKeySecretRef: secret,
  },
  databricks: {
    host: 'dbc.example.com',
    httpPath: '/sql/1.0/warehouses/abc',
    catalog: 'main',
    clientId: '11111111-2222-3333-4444-555555555555',
    clientSecretSecretRef: secret,
    stagingVolume: '/Volumes/main/engage/stages/engageops',
  },
  bigquery: { projectId: 'my-project', location: 'EU' },
  redshift: {
    host: 'cluster.example.com',
    database: 'analytics',
    username: 'engageops',
    passwordSecretRef: secret,
    staging: { s3Url: 's3://stages/engageops', iamRole: 'arn:aws:iam::123456789012:role/copy' },
  },
  postgres: { host: 'db.example.com', database: 'analytics', username: 'engageops', passwordSecretRef: secret },
  duckdb: { path: 'warehouse.duckdb' },
}

test.each(WAREHOUSE_KINDS)('the grants of %s', async (kind) => {
  const { statements, notes, instead } = grantsFor(
    warehouseOf(destinationSpec.parse({ [kind]: BLOCKS[kind] })),
    SCHEMAS,
  )
  const script = [...notes.map((note) => `-- ${note}`), ...statements, ...instead.map((sql) => `-- ${sql}`), '']
  await expect(script.join('\n')).toMatchFileSnapshot(`golden/grants-${kind}.sql`)
})

test('the grants of Snowflake with a bucket', () => {
  const grantsIn = (stage: string) => {
    const staging = { stage, url: 's3://company-staging/engageops' }
    const spec = destinationSpec.parse({ snowflake: { ...BLOCKS.snowflake, staging } })
    const { notes, statements } = grantsFor(warehouseOf(spec), SCHEMAS)
    return [...notes, ...statements].filter((line) => / STAGE|LOADS/.test(line))
  }
  expect(grantsIn('loads.files')).toEqual([
    "The stage must be there: CREATE STAGE analytics.loads.files URL = 's3://company-staging/engageops' STORAGE_INTEGRATION = ...",
    'GRANT USAGE ON STAGE analytics.loads.files TO ROLE ENGAGEOPS',
  ])
  expect(grantsIn('"my.db".LOADS.files')).toEqual([
    `The stage must be there: CREATE STAGE "my.db".LOADS.files URL = 's3://company-staging/engageops' STORAGE_INTEGRATION = ...`,
    'GRANT USAGE ON SCHEMA "my.db".LOADS TO ROLE ENGAGEOPS',
    'GRANT USAGE ON STAGE "my.db".LOADS.files TO ROLE ENGAGEOPS',
  ])
})

test('the grants of Databricks with a volume of its own schema, of another one and of another catalog', () => {
  const grantsTo = (catalog: string, stagingVolume: string) => {
    const spec = destinationSpec.parse({ databricks: { ...BLOCKS.databricks, catalog, stagingVolume } })
    const { statements } = grantsFor(warehouseOf(spec), SCHEMAS)
    return statements.slice(1 + 2 * SCHEMAS.length).map((sql) => sql.replace(/ TO `[\d-]+`$/, ''))
  }
  const volume = (name: string) => [
    `CREATE VOLUME IF NOT EXISTS ${name}`,
    `GRANT READ VOLUME, WRITE VOLUME ON VOLUME ${name}`,
  ]
  expect(grantsTo('Main', '/Volumes/main/EngageOps/files/stages')).toEqual(volume('`main`.`EngageOps`.`files`'))
  expect(grantsTo('main', '/Volumes/main/landing/files')).toEqual([
    'GRANT USE SCHEMA ON SCHEMA `main`.`landing`',
    ...volume('`main`.`landing`.`files`'),
  ])
  expect(grantsTo('main', '/Volumes/shared/engageops/files')).toEqual([
    'GRANT USE CATALOG ON CATALOG `shared`',
    'GRANT USE SCHEMA ON SCHEMA `shared`.`engageops`',
    ...volume('`shared`.`engageops`.`files`'),
  ])
})

describe('on Postgres', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let dir: string
  beforeAll(async () => {
    server = await startPostgres()
    dir = await mkdtemp(join(tmpdir(), 'engageops-grants-'))
  })
  afterAll(async () => {
    await server.stop()
    await rm(dir, { recursive: true, force: true })
  })

  test('they are enough to apply and sync, and no more than the schemas can be written', async () => {
    const database = await server.createDatabase()
    const username = `loader_${database.slice(-12)}`
    const { host, port } = server
    const postgres = { host, port, database, username, passwordSecretRef: secret, sslMode: 'Disable' as const }
    const { statements } = grantsFor(warehouseOf(destinationSpec.parse({ postgres })), SCHEMAS)
    for (const sql of statements) await server.run(database, sql)
    await server.run(database, `ALTER ROLE "${username}" PASSWORD '${server.password}'`)

    await cp(QUICKSTART, dir, { recursive: true, filter: (path) => !/\.engageops|\.duckdb/.test(path) })
    const manifest = join(dir, 'warehouse.yaml')
    const text = (await readFile(manifest, 'utf8')).replace(/duckdb:\n.*\n/, `postgres: ${JSON.stringify(postgres)}\n`)
    await writeFile(manifest, text)
    const folder = await openFolder(dir, { environment: { ENGAGEOPS_SECRET_WAREHOUSE_SECRET: server.password } })
    expect((await applyFolder(folder)).problems).toEqual([])
    const { runs, problems } = await syncFolder(folder)
    expect(problems).toEqual([])
    expect(runs.map(({ status }) => status)).toEqual(['Success'])

    const login = { ...server, user: username }
    await expect(server.run(database, 'CREATE SCHEMA other', login)).rejects.toThrow('permission denied')
    await server.run(database, `DROP OWNED BY "${username}"`)
    await server.run(database, `DROP ROLE "${username}"`)
  })
})
