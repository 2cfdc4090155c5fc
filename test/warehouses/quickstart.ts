import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import { applyFolder } from '../../src/local/apply-folder.ts'
import { openFolder } from '../../src/local/folder.ts'
import { syncFolder } from '../../src/local/sync-folder.ts'
import { warehouseFor } from '../../src/reconcile/context.ts'
import type { ObservedTable } from '../../src/warehouses/port.ts'

const QUICKSTART = path.join(import.meta.dirname, '../../examples/quickstart')
const SCHEMAS = ['engage_default', 'default']
const NOW = new Date('2026-11-01T00:00:00Z')

/** The rows of the quickstart's tables, by table, in a warehouse of a block: the rest of the folder is as it stands. */
export async function quickstartTables(
  block: Record<string, unknown>,
  environment: Record<string, string> = {},
): Promise<Record<string, Record<string, string | null>[]>> {
  const directory = await mkdtemp(path.join(tmpdir(), 'engageops-quickstart-'))
  await cp(QUICKSTART, directory, { recursive: true, filter: (file) => !/\.engageops|\.duckdb/.test(file) })
  const manifest = {
    apiVersion: 'engageops.dev/v1alpha1',
    kind: 'WarehouseDestination',
    metadata: { name: 'warehouse' },
    spec: block,
  }
  await writeFile(path.join(directory, 'warehouse.yaml'), JSON.stringify(manifest))
  const folder = await openFolder(directory, { environment, now: () => NOW })
  expect((await applyFolder(folder)).problems).toEqual([])
  const { runs, problems } = await syncFolder(folder)
  expect(problems).toEqual([])
  expect(runs.map(({ status }) => status)).toEqual(['Success'])
  const [destination] = await folder.store.destinations()
  if (!destination) throw new TypeError('the quickstart has a WarehouseDestination')
  const { dialect, connect } = await warehouseFor(folder.context, destination)
  await using session = await connect()
  const { tables } = await session.observe(SCHEMAS)
  const found: Record<string, Record<string, string | null>[]> = {}
  for (const table of tables) {
    const names = table.columns.map(({ name }) => dialect.quote(name)).join(', ')
    const rows = await session.query(`SELECT ${names} FROM ${dialect.table(table)} ORDER BY ${dialect.quote('id')}`)
    found[`${table.schema}.${table.name}`] = rows.map((row) => neutral(table, row))
  }
  await rm(directory, { recursive: true })
  return found
}

/** Numbers as one text, whatever the warehouse writes. */
const neutral = ({ columns }: ObservedTable, row: Record<string, string | null>): Record<string, string | null> =>
  Object.fromEntries(
    columns.map(({ name, type }) => {
      const value = row[name] ?? null
      const isNumber = type === 'Float' || type === 'Decimal' || type === 'Integer'
      return [name, value !== null && isNumber ? String(Number(value)) : value]
    }),
  )
