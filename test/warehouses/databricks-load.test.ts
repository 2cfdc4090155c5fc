import { readdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { isLeftover } from '../../src/warehouses/databricks/load.ts'
import { NASTY } from './conformance/identifiers.ts'
import { describeLoad } from './conformance/load.ts'
import { Workbench } from './conformance/workbench.ts'
import { noFaults } from './databricks/gateway.ts'
import { describeOnSpark, startDatabricks } from './databricks-server.ts'

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

it('takes a stage for left behind when it is older than a day', () => {
  const now = new Date('2026-03-02T12:00:00Z')
  expect(isLeftover('eo_stage_20260301115959_0a1b2c3d', now)).toBe(true)
  expect(isLeftover('eo_stage_20260301115959_0a1b2c3d_4e5f.csv.gz', now)).toBe(true)
  for (const name of ['eo_stage_20260301120000_0a1b2c3d', 'eo_stage_mine', 'leases', 'my_eo_stage_20200101000000_x']) {
    expect(isLeftover(name, now)).toBe(false)
  }
})

describeOnSpark('Databricks without a volume', () => {
  const setUp = async () => {
    const { gateway, settings, warehouseOf } = await startDatabricks()
    const { stagingVolume: _none, ...others } = settings
    return { warehouse: await warehouseOf(others), slow: 20, tearDown: () => gateway.stop() }
  }
  describeLoad({ setUp, gaps: {} })
})

describeOnSpark('Databricks with a volume', () => {
  let server: Awaited<ReturnType<typeof startDatabricks>>
  let bench: Workbench
  beforeAll(async () => {
    server = await startDatabricks()
    const warehouse = await server.warehouse()
    bench = await Workbench.open(async () => ({ warehouse, tearDown: () => server.gateway.stop() }))
  })
  afterAll(() => bench?.close())

  /** Many at once: each statement takes Spark a second. */
  const texts = (size: number): string[] =>
    fc.sample(fc.uniqueArray(fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }), { minLength: size }), 1).flat()

  it('takes any name for a column, and for its comment', async () => {
    const words = [...NASTY, '`', ...texts(20).map((text) => text.toWellFormed().replaceAll('\0', '_'))]
    const names = [...new Map(words.map((word) => [word.toLowerCase(), word])).values()]
    const { dialect, session } = bench
    const schema = await bench.newSchema()
    const columns = names.map((name) => ({ name, type: 'String', origin: 'Inferred', source: `${name}'` }) as const)
    const table = { schema, name: 'things', key: [], columns }
    await bench.apply({ kind: 'CreateTable', table })
    const row = Object.fromEntries(names.map((name) => [name, name]))
    await bench.insert(table, [row])
    expect(await bench.rows(table, names)).toEqual([row])
    const { tables } = await session.observe([schema])
    expect(tables[0]?.columns.map(({ name }) => name)).toEqual(names)
    expect(dialect.quote('`')).toBe('````')
  })

  it('gives any literal back, and puts no value of its environment into one', async () => {
    const values = [
      ...NASTY,
      `$${'{env:HOME}'}`,
      '$',
      '${',
      'a\0b',
      '\\u0041',
      ...texts(50).map((text) => text.toWellFormed()),
    ]
    const list = values.map((value, n) => `${bench.dialect.literal(value, 'String')} AS v${n}`)
    const [row] = await bench.session.query(`SELECT ${list.join(', ')}`)
    expect(Object.values(row ?? {})).toEqual(values)
  })

  const OLD = 'eo_stage_20200101000000_0a1b2c3d'

  it('leaves no file there, and removes what lost clients left', async () => {
    const { dialect, session, stageSchema: schema } = bench
    await session.execute(`CREATE TABLE ${dialect.table({ schema, name: OLD })} (id STRING) USING DELTA`)
    await session.execute(`CREATE TABLE ${dialect.table({ schema, name: 'mine' })} (id STRING) USING DELTA`)
    for (const name of [`${OLD}_4e5f.csv.gz`, 'mine.csv'])
      await writeFile(path.join(server.gateway.volumeFolder, name), '')
    const parts = [await bench.part(['id'], [{ id: 'x' }])]
    // The first stage of a session is the one that looks.
    await using other = await bench.warehouse.connect()
    const stage = await other.stage({ schema, columns: [{ name: 'id', type: 'String' }], parts })
    expect(await readdir(server.gateway.volumeFolder)).toEqual(['mine.csv'])
    expect(await other.query(`SELECT * FROM ${stage}`)).toEqual([{ id: 'x' }])
    await other.dropStage(stage)
    const { tables } = await session.observe([schema])
    expect(tables.map(({ name }) => name)).toEqual(['mine'])
  })

  it('goes on where what lost clients left is not its to remove', async () => {
    const { dialect, session, stageSchema: schema } = bench
    await session.execute(`CREATE TABLE ${dialect.table({ schema, name: OLD })} (id STRING) USING DELTA`)
    const file = `${OLD}_4e5f.csv.gz`
    await writeFile(path.join(server.gateway.volumeFolder, file), '')
    const refused: string[] = []
    server.gateway.faults.refusal = (sql) => {
      if (!sql.includes(OLD) || sql.startsWith('LIST')) return undefined
      refused.push(sql.split(' ', 1)[0] ?? '')
      return { message: '[INSUFFICIENT_PERMISSIONS] User is not an owner. SQLSTATE: 42501', sqlState: '42501' }
    }
    const parts = [await bench.part(['id'], [{ id: 'x' }])]
    await using other = await bench.warehouse.connect()
    const stage = await other.stage({ schema, columns: [{ name: 'id', type: 'String' }], parts })
    expect(refused).toEqual(['DROP', 'REMOVE'])
    expect(await other.query(`SELECT * FROM ${stage}`)).toEqual([{ id: 'x' }])
    await other.dropStage(stage)
    server.gateway.faults = noFaults()
    await session.execute(`DROP TABLE ${dialect.table({ schema, name: OLD })}`)
    await rm(path.join(server.gateway.volumeFolder, file))
  })

  describe('a stage that fails', () => {
    it('is gone, with its files', async () => {
      const { session, stageSchema: schema } = bench
      await expect(bench.stage({ id: 'String', n: 'Integer' }, [{ id: 'x', n: 'many' }])).rejects.toMatchObject({
        reason: 'WarehouseError',
        consequence: 'Stalled',
      })
      expect(await readdir(server.gateway.volumeFolder)).toEqual(['mine.csv'])
      const { tables } = await session.observe([schema])
      expect(tables.filter(({ name }) => name.startsWith('eo_stage_'))).toEqual([])
    })

    it('does so too where the warehouse reads other rows than were written', async () => {
      const part = await bench.part(['id', 'n'], [{ id: 'x', n: '1' }])
      const stage = {
        schema: bench.stageSchema,
        columns: [
          { name: 'id', type: 'String' as const },
          { name: 'n', type: 'Integer' as const },
        ],
        parts: [{ ...part, rows: 2 }],
      }
      await expect(bench.session.stage(stage)).rejects.toThrow('1 rows of 2 were loaded')
    })
  })
})
