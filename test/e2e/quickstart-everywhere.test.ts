import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { type Folder, openFolder } from '../../src/local/folder.ts'
import { planFolder } from '../../src/local/plan-folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import type { LogicalType } from '../../src/model/table.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import { PLACES } from '../warehouses/places.ts'

const QUICKSTART = join(import.meta.dirname, '../../examples/quickstart')
const stops: (() => Promise<void>)[] = []
afterAll(async () => {
  for (const stop of stops.reverse()) await stop()
})

/** The quickstart with another warehouse: nothing but the block of its destination differs. */
async function quickstartOn(kind: string): Promise<Folder> {
  const place = await PLACES[kind]?.()
  if (!place) throw new Error(`there is no place for ${kind}`)
  const dir = await mkdtemp(join(tmpdir(), `engageops-${kind}-`))
  stops.push(place.stop, () => rm(dir, { recursive: true, force: true }))
  await cp(QUICKSTART, dir, { recursive: true, filter: (path) => !/\.engageops|\.duckdb/.test(path) })
  const manifest = join(dir, 'warehouse.yaml')
  const destination = parse(await readFile(manifest, 'utf8'))
  const { duckdb: _, ...spec } = destination.spec
  await writeFile(manifest, stringify({ ...destination, spec: { ...spec, ...place.block } }))
  return openFolder(dir, { environment: place.environment })
}

type Rows = (string | null)[][]

/** All tables of the space, with their rows in one form whatever the warehouse; `uuid_ts` is the time of loading. */
async function contentOf({ store, context }: Folder): Promise<Record<string, { columns: string[]; rows: Rows }>> {
  const [destination] = await store.destinations()
  if (!destination) throw new Error('no destination')
  const { dialect, connect } = await warehouseFor(context, destination)
  await using session = await connect()
  const { tables } = await session.observe(['engage_default', 'default'])
  const content: Record<string, { columns: string[]; rows: Rows }> = {}
  for (const table of tables) {
    const columns = table.columns.filter(({ name }) => name !== 'uuid_ts').sort((a, b) => (a.name < b.name ? -1 : 1))
    const names = columns.map(({ name }) => name)
    const rows = await session.query(`SELECT ${names.map(dialect.quote).join(', ')} FROM ${dialect.table(table)}`)
    content[`${table.schema}.${table.name}`] = {
      columns: names,
      rows: rows
        .map((row) => columns.map(({ name, type }) => neutral(row[name] ?? null, type)))
        .sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    }
  }
  return content
}

function neutral(value: string | null, type: LogicalType | undefined): string | null {
  if (value === null) return null
  switch (type) {
    case 'Float':
    case 'Decimal':
      return String(Number(value))
    case 'Timestamp':
      return new Date(value).toISOString()
    case 'Json':
      return JSON.stringify(JSON.parse(value))
    default:
      return value
  }
}

async function loaded(kind: string): Promise<Folder> {
  const folder = await quickstartOn(kind)
  expect((await applyFolder(folder)).problems).toEqual([])
  const { runs, problems } = await syncFolder(folder)
  expect(problems).toEqual([])
  expect(runs.map(({ status }) => status)).toEqual(['Success'])
  return folder
}

describe.each(Object.keys(PLACES).filter((kind) => kind !== 'duckdb'))('the quickstart on %s', (kind) => {
  test('gives the tables that it gives on DuckDB, and a second time changes nothing', {
    timeout: 240_000,
  }, async () => {
    const expected = await contentOf(await loaded('duckdb'))
    const folder = await loaded(kind)
    expect(await contentOf(folder)).toEqual(expected)

    const { plans } = await planFolder(folder)
    expect(plans.flatMap(({ plan: { plan } }) => plan.statements)).toEqual([])
    const { runs } = await syncFolder(folder)
    expect(runs.filter(({ opened }) => opened)).toEqual([])
    expect(await contentOf(folder)).toEqual(expected)
  })
})
