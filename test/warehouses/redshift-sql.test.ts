import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { dialect } from '../../src/warehouses/redshift/dialect.ts'
import { observeQuery } from '../../src/warehouses/redshift/introspect.ts'
import { copyStatement, stageStatement } from '../../src/warehouses/redshift/load.ts'
import { refusedOf } from './redshift-refuses.ts'

const GOLDEN = path.join(import.meta.dirname, 'golden/redshift')

describe('SQL of Redshift alone', () => {
  it('loads stages', async () => {
    const columns = [
      { name: 'id', type: 'String' },
      { name: 'received_at', type: 'Timestamp' },
      { name: "it's", type: 'Json' },
    ] as const
    const source = {
      manifest: "s3://bucket/o'folder/engageops-1/manifest",
      iamRole: 'arn:aws:iam::123456789012:role/redshift',
    }
    const statements = [
      stageStatement('"eo_stage_1"', { columns: [...columns] }),
      copyStatement('"eo_stage_1"', source),
    ]
    await expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot('golden/redshift/load.sql')
  })

  it('looks for duplicates near their time', async () => {
    const merge = {
      target: { schema: 'engage_default', name: 'audience_entered' },
      stage: '"eo_stage_1"',
      columns: [
        { name: 'id', type: 'String' },
        { name: 'received_at', type: 'Timestamp' },
      ] as const,
      within: { from: '2026-01-01T00:00:00.000Z', to: '2026-03-01T00:00:00.000Z' },
      loadedAt: '2026-03-01T00:00:00.000Z',
    }
    const statements = dialect.mergeEvents(merge).map(({ sql }) => sql)
    await expect(`${statements.join(';\n\n')};\n`).toMatchFileSnapshot('golden/redshift/merge-events-near.sql')
  })

  it('asks what is there', async () => {
    await expect(`${observeQuery(['engage_default', "it's"])};\n`).toMatchFileSnapshot('golden/redshift/observe.sql')
  })

  it.each(readdirSync(GOLDEN))('%s has nothing that Redshift refuses', (file) => {
    const statements = readFileSync(path.join(GOLDEN, file), 'utf8').split(/;\n+/)
    for (const sql of statements) expect([sql, refusedOf(sql)]).toEqual([sql, undefined])
  })

  it.each([
    'INSERT INTO t (id) VALUES (1) ON CONFLICT (id) DO NOTHING',
    'ALTER TABLE "a"."b" ADD COLUMN IF NOT EXISTS "c" bigint',
    'ALTER TABLE "a"."b" ADD COLUMN "c" bigint, ADD COLUMN "d" bigint',
    'ALTER TABLE "a"."b" ALTER COLUMN "c" TYPE numeric(38,18)',
    'CREATE TABLE "a"."b" ("c" text)',
    'CREATE TABLE "a"."b" ("c" numeric)',
    'CREATE TABLE "a"."b" ("c" varchar)',
    'SELECT DISTINCT ON (a) a FROM t',
    'SELECT array_agg(a) FILTER (WHERE a > 1) FROM t',
    'DELETE FROM "a"."b" AS t WHERE t.c = 1',
    "INSERT INTO t VALUES (1, CAST('x' AS character varying(9))), (2, lower('x'))",
  ])('knows that Redshift refuses %s', (sql) => {
    expect(refusedOf(sql)).toBeDefined()
  })

  it('looks at no value and no name', () => {
    expect(refusedOf(`INSERT INTO "on conflict" ("text") VALUES ('RETURNING \\' it''s'), ('jsonb')`)).toBeUndefined()
  })
})
