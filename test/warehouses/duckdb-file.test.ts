import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openWarehouse } from '../../src/warehouses/registry.ts'

const REGISTRY = path.join(import.meta.dirname, '../../src/warehouses/registry.ts')

describe('the file of a DuckDB warehouse', () => {
  let baseDir: string
  beforeEach(async () => {
    baseDir = await mkdtemp(path.join(tmpdir(), 'engageops-'))
  })
  afterEach(() => rm(baseDir, { recursive: true }))

  const open = (file: string, memoryLimit?: string) =>
    openWarehouse(
      { kind: 'duckdb', settings: { path: file } },
      {
        baseDir,
        secret: () => Promise.reject(new Error('DuckDB needs no secret')),
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
      },
    )

  /** Runs statements in another process, which then waits; it ends only when it is killed. */
  async function otherProcess(file: string, statements: readonly string[]) {
    const code = `
      const { openWarehouse } = await import(${JSON.stringify(REGISTRY)})
      const environment = { baseDir: ${JSON.stringify(baseDir)}, secret: async () => '' }
      const warehouse = await openWarehouse({ kind: 'duckdb', settings: { path: ${JSON.stringify(file)} } }, environment)
      const session = await warehouse.connect()
      for (const sql of ${JSON.stringify(statements)}) await session.execute(sql)
      console.log('done')
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child.stdout, 'data')
    return async () => {
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
  }

  it('is made with its folder, shared by the sessions of this process, and let go by the last of them', async () => {
    const warehouse = await open('data/new/engage.duckdb')
    const [first, second] = await Promise.all([warehouse.connect(), warehouse.connect()])
    await first.execute('CREATE TABLE t (a BIGINT)')
    await first.execute('INSERT INTO t VALUES (1)')
    await first.close()
    expect(await second.query('SELECT a FROM t')).toEqual([{ a: '1' }])
    await second.close()
    expect(existsSync(path.join(baseDir, 'data/new/engage.duckdb.wal'))).toBe(false)
    const end = await otherProcess('data/new/engage.duckdb', [])
    await end()
  })

  it('may have the name of a schema', async () => {
    const warehouse = await open('engageops.duckdb')
    const session = await warehouse.connect()
    const table = { schema: 'engageops', name: 'runs', key: [], columns: [] }
    await session.execute('CREATE SCHEMA engageops')
    await session.execute(`CREATE TABLE ${warehouse.dialect.table(table)} (a BIGINT)`)
    expect(await session.query(`SELECT a FROM ${warehouse.dialect.table(table)}`)).toEqual([])
    await session.close()
  })

  it('is waited for while another process has it', async () => {
    const end = await otherProcess('engage.duckdb', [])
    const warehouse = await open('engage.duckdb')
    await expect(warehouse.connect()).rejects.toMatchObject({ reason: 'DatabaseLocked', consequence: 'Wait' })
    await end()
    await (await warehouse.connect()).close()
  })

  it('can be opened after a crash, whatever was widened before it', async () => {
    const { dialect } = await open('engage.duckdb')
    const types = ['Boolean', 'Integer', 'Float', 'Decimal', 'Timestamp', 'Json'] as const
    const table = {
      schema: 's',
      name: 't',
      key: [],
      columns: types.map((type) => ({ name: `c_${type}`, type, origin: 'Inferred' as const, source: type })),
    }
    const widen = types.map(
      (from) => ({ kind: 'WidenColumn', table, column: `c_${from}`, from, to: 'String' }) as const,
    )
    const changes = [{ kind: 'CreateSchema', schema: 's' } as const, { kind: 'CreateTable', table } as const, ...widen]
    const insert = `INSERT INTO s.t VALUES (true, 1, 1e20, 1.5, TIMESTAMP '2026-01-01', '{}')`
    const statements = changes.flatMap((change) => dialect.change(change))
    const end = await otherProcess('engage.duckdb', [
      ...statements.slice(0, -types.length),
      insert,
      ...statements.slice(-types.length),
    ])
    await end()
    const session = await (await open('engage.duckdb')).connect()
    expect((await session.query('SELECT * FROM s.t'))[0]).toEqual({
      c_Boolean: 'true',
      c_Integer: '1',
      c_Float: '100000000000000000000',
      c_Decimal: '1.5',
      c_Timestamp: '2026-01-01T00:00:00Z',
      c_Json: '{}',
    })
    await session.close()
  })

  it('takes small commits into more tables than memory has room for', async () => {
    const session = await (await open('many.duckdb', '48MB')).connect()
    const columns = Array.from({ length: 20 }, (_, number) => `c${number} VARCHAR`).join(', ')
    for (let number = 0; number < 100; number += 1) {
      await session.execute(`CREATE TABLE t${number} (${columns})`)
      await session.transaction(() => session.execute(`INSERT INTO t${number} (c0) VALUES ('x')`))
    }
    expect(await session.query('SELECT c0 FROM t99')).toEqual([{ c0: 'x' }])
    await session.close()
  })

  it('is refused when it is something else, and memory beyond the limit is told', async () => {
    await writeFile(path.join(baseDir, 'notes.txt'), 'no database '.repeat(1000))
    await expect((await open('notes.txt')).connect()).rejects.toMatchObject({
      reason: 'WarehouseError',
      message: expect.stringContaining('is not a DuckDB database: set spec.duckdb.path to another path'),
    })
    const session = await (await open('small.duckdb', '20MB')).connect()
    await session.execute("SET max_temp_directory_size = '1MB'")
    await expect(
      session.execute('CREATE TABLE t AS SELECT array_agg(i::VARCHAR) AS a FROM range(5000000) r(i)'),
    ).rejects.toMatchObject({ reason: 'WarehouseFull' })
    await session.close()
  })

  it('keeps a value that it refuses to itself', async () => {
    const session = await (await open('values.duckdb')).connect()
    await session.execute('CREATE TABLE t (id VARCHAR PRIMARY KEY, n BIGINT)')
    await session.execute("INSERT INTO t VALUES ('u123@example.com', 1)")
    const file = path.join(baseDir, 'part.csv')
    await writeFile(file, 'u123@example.com: permission denied\n')
    const part = { path: file, columns: ['n'], rows: 1, longestLine: 40 }
    for (const work of [
      () => session.execute("INSERT INTO t VALUES ('a', 'u123@example.com')"),
      () => session.execute("INSERT INTO t VALUES ('u123@example.com', 2)"),
      () => session.stage({ schema: 'main', columns: [{ name: 'n', type: 'Integer' }], parts: [part] }),
    ]) {
      const error = await work().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ reason: 'WarehouseError', message: expect.stringContaining('refused a value') })
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('u123')
    }
    await session.close()
  })
})
