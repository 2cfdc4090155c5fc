import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { PostgresSettings } from '../../src/model/warehouse-block.ts'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { startPostgres } from './postgres-server.ts'

const CANARY = 'canary-7f3a'

function portOf(listening: Server): number {
  const address = listening.address()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

describe('errors of Postgres', () => {
  let server: Awaited<ReturnType<typeof startPostgres>>
  let database: string
  beforeAll(async () => {
    server = await startPostgres()
    database = await server.createDatabase()
    await server.run(database, 'CREATE SCHEMA theirs')
    await server.run(database, 'CREATE TABLE theirs.t (id text)')
    await server.run(database, `DROP ROLE IF EXISTS "Limited"; CREATE ROLE "Limited" LOGIN PASSWORD '${CANARY}'`)
    await server.run(database, `REVOKE TEMPORARY ON DATABASE ${database} FROM PUBLIC`)
  })
  afterAll(async () => {
    await server.stop()
    await server.run('postgres', 'DROP ROLE "Limited"')
  })

  const connect = async (changed: Partial<PostgresSettings> = {}, password = server.password, signal?: AbortSignal) => {
    const settings: PostgresSettings = {
      host: server.host,
      port: server.port,
      database,
      username: server.user,
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'Disable',
      ...changed,
    }
    const secret = async ({ key }: { key: string }) => (key === 'ca' ? server.ca : password)
    const warehouse = await openWarehouse({ kind: 'postgres', settings }, { baseDir: '.', secret })
    return warehouse.connect(signal)
  }
  /** The error of some work, which never shows the password, however deep one looks. */
  const errorOf = async (work: Promise<unknown>): Promise<EngageError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof EngageError)) throw new Error('an EngageError was expected', { cause: error })
    const shown = inspect(error, { depth: 20, showHidden: true })
    expect(shown).not.toContain(CANARY)
    expect(shown).not.toContain(server.password)
    return error
  }

  it.each<[string, Partial<PostgresSettings>, string, string, string]>([
    ['wrong password', { username: 'Limited' }, 'AuthenticationFailed', 'Stalled', 'refused user Limited'],
    ['no such user', { username: 'nobody' }, 'AuthenticationFailed', 'Stalled', 'refused user nobody'],
    ['no such host', { host: 'no-such-host.invalid' }, 'WarehouseUnreachable', 'Wait', 'no-such-host.invalid:'],
    ['no such database', { database: 'Nope' }, 'DatabaseNotFound', 'Stalled', 'CREATE DATABASE "Nope"'],
    ['an authority that nobody knows', { sslMode: 'VerifyFull' }, 'TlsFailed', 'Stalled', 'set caSecretRef'],
  ])('%s', async (_name, changed, reason, consequence, message) => {
    const correct = changed.database === undefined ? `wrong-${CANARY}` : server.password
    const error = await errorOf(connect(changed, correct))
    expect(error).toMatchObject({ reason, consequence })
    expect(error.message).toContain(message)
  })

  it('verifies the server as sslMode says', async () => {
    const caSecretRef = { name: 'warehouse', key: 'ca' }
    const works = async (changed: Partial<PostgresSettings>) => {
      await using session = await connect(changed)
      const [row] = await session.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
      return row?.ssl
    }
    expect(await works({ sslMode: 'Disable' })).toBe('false')
    expect(await works({ sslMode: 'Require' })).toBe('true')
    expect(await works({ sslMode: 'VerifyCa', caSecretRef })).toBe('true')
    expect(await works({ sslMode: 'VerifyFull', caSecretRef, host: 'localhost' })).toBe('true')
    const otherName = await errorOf(connect({ sslMode: 'VerifyFull', caSecretRef }))
    expect(otherName).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
    expect(await errorOf(connect({ sslMode: 'VerifyCa' }))).toMatchObject({ reason: 'TlsFailed' })
  })

  it('tells a server without TLS', async () => {
    const plain = createServer((socket) => socket.on('data', () => socket.write('N'))).listen(0, '127.0.0.1')
    await new Promise((resolve) => plain.once('listening', resolve))
    const error = await errorOf(connect({ port: portOf(plain), sslMode: 'Require' }))
    expect(error).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
    plain.close()
  })

  it('tells a closed port, and a server that accepts and says nothing', async () => {
    const silent = createServer(() => undefined).listen(0, '127.0.0.1')
    await new Promise((resolve) => silent.once('listening', resolve))
    const port = portOf(silent)
    const aborted = errorOf(connect({ port }, undefined, AbortSignal.timeout(200)))
    expect(await aborted).toMatchObject({ reason: 'WarehouseUnreachable' })
    silent.close()
    expect(await errorOf(connect({ port }))).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
  })

  describe('of a user with few rights', () => {
    let session: Session
    beforeAll(async () => {
      session = await connect({ username: 'Limited' }, CANARY)
    })
    afterAll(() => session.close())

    it.each([
      ['CREATE SCHEMA mine', (name: string) => `GRANT CREATE ON DATABASE "${name}" TO "Limited"`],
      ['CREATE TABLE theirs.mine (id text)', () => 'GRANT USAGE, CREATE ON SCHEMA "theirs" TO "Limited"'],
      ['CREATE TEMP TABLE stage (id text)', (name: string) => `GRANT TEMPORARY ON DATABASE "${name}" TO "Limited"`],
    ])('%s: the GRANT to run', async (sql, grant) => {
      const error = await errorOf(session.execute(sql))
      expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
      expect(error.message).toContain(grant(database))
    })

    it('on tables: the GRANT, or the owner to be', async () => {
      await server.run(database, 'GRANT USAGE ON SCHEMA theirs TO "Limited"')
      const read = await errorOf(session.query('SELECT * FROM theirs.t'))
      expect(read.message).toContain('GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE "t" TO "Limited"')
      const alter = await errorOf(session.execute('ALTER TABLE theirs.t ADD COLUMN b text'))
      expect(alter.message).toContain('ALTER TABLE "t" OWNER TO "Limited"')
    })

    it('without CONNECT', async () => {
      const other = await server.createDatabase()
      await server.run(other, `REVOKE CONNECT ON DATABASE ${other} FROM PUBLIC`)
      const error = await errorOf(connect({ database: other, username: 'Limited' }, CANARY))
      expect(error).toMatchObject({ reason: 'PermissionDenied' })
      expect(error.message).toContain(`GRANT CONNECT ON DATABASE "${other}" TO "Limited"`)
    })
  })

  it('names the view that keeps a column from being widened', async () => {
    await using session = await connect()
    await session.execute('CREATE TABLE theirs.wide (a numeric)')
    await session.execute('CREATE VIEW theirs.report AS SELECT a FROM theirs.wide')
    const error = await errorOf(session.execute('ALTER TABLE theirs.wide ALTER COLUMN a TYPE text'))
    expect(error).toMatchObject({ reason: 'UnsupportedChange', consequence: 'Stalled' })
    expect(error.message).toContain('theirs.report')
  })

  it('keeps the row that broke a rule to itself', async () => {
    await using session = await connect()
    await session.execute('CREATE TABLE theirs.strict (id text PRIMARY KEY, plan text NOT NULL)')
    await session.execute("INSERT INTO theirs.strict VALUES ('u123@example.com', 'free')")
    const missing = await errorOf(session.execute("INSERT INTO theirs.strict VALUES ('u456@example.com', NULL)"))
    expect(missing.message).toContain('column "plan" of relation "strict" violates not-null constraint')
    const twice = await errorOf(session.execute("INSERT INTO theirs.strict VALUES ('u123@example.com', 'pro')"))
    for (const error of [missing, twice]) {
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('example.com')
    }
  })

  it('tells of a value that does not fit what is wrong with it, and where, and not the value', async () => {
    await using session = await connect()
    await session.execute('CREATE TABLE theirs.narrow (n bigint, plan varchar(5), at timestamptz)')
    const refusals = [
      ["INSERT INTO theirs.narrow (n) VALUES ('u123@example.com')", 'not of the type of its column (type bigint)'],
      ["INSERT INTO theirs.narrow (n) VALUES ('99999999999999999999')", 'out of the range of its column (type bigint)'],
      [
        "INSERT INTO theirs.narrow (plan) VALUES ('u123@example.com')",
        'too long for its column (type character varying(5))',
      ],
      ["INSERT INTO theirs.narrow (at) VALUES ('u123@example.com')", 'no date or time (type timestamp with time zone)'],
      [
        "INSERT INTO theirs.narrow (n) VALUES ('u123: connection timeout')",
        'not of the type of its column (type bigint)',
      ],
      ["SELECT CAST('{u123@example.com' AS json)", 'not of the type of its column (type json)'],
    ] as const
    for (const [sql, told] of refusals) {
      const error = await errorOf(session.execute(sql))
      expect(error).toMatchObject({ reason: 'WarehouseError', consequence: 'Stalled' })
      expect(error.message).toContain(`Postgres refused a value: a`)
      expect(error.message).toContain(told)
      expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(/u123|99999/)
    }
  })

  it('names the column of a file whose value does not fit', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'engageops-'))
    const file = path.join(directory, 'part.csv')
    await writeFile(file, '1,free\nu123@example.com,pro\n')
    await using session = await connect()
    const columns = [
      { name: 'seats', type: 'Integer' as const },
      { name: 'plan', type: 'String' as const },
    ]
    const part = { path: file, columns: ['seats', 'plan'], rows: 2, longestLine: 30 }
    const error = await errorOf(session.stage({ schema: 'theirs', columns, parts: [part] }))
    expect(error.message).toBe(
      'Postgres refused a value: a value is not of the type of its column (column seats, type bigint): give the column a type that takes it [22P02]',
    )
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('u123')
    await rm(directory, { recursive: true })
  })

  it('asks for a key where a table that was taken over has none', async () => {
    await using session = await connect()
    await session.execute('CREATE TABLE theirs.keyless (id text)')
    const error = await errorOf(session.execute("INSERT INTO theirs.keyless VALUES ('x') ON CONFLICT (id) DO NOTHING"))
    expect(error).toMatchObject({ reason: 'AdoptionRefused' })
  })

  it('is for a person where a statement takes longer than it may', async () => {
    await using session = await connect()
    await session.execute("SET statement_timeout = '20ms'")
    const error = await errorOf(session.query('SELECT pg_sleep(30)'))
    expect(error).toMatchObject({ reason: 'WarehouseError', consequence: 'Stalled' })
    expect(error.message).toContain(
      'longer than 30 min, or than the server allows (canceling statement due to statement',
    )
  })

  it('is Retry when another session holds the lock, and when the connection is cut', async () => {
    await using holder = await connect()
    await using session = await connect()
    await holder.execute('CREATE TABLE theirs.busy (id text)')
    await session.execute("SET lock_timeout = '50ms'")
    await holder.transaction(async () => {
      await holder.execute('LOCK TABLE theirs.busy')
      expect(await errorOf(session.query('SELECT * FROM theirs.busy'))).toMatchObject({ consequence: 'Retry' })
    })
    const [row] = await session.query('SELECT pg_backend_pid() AS pid')
    await holder.query(`SELECT pg_terminate_backend(${row?.pid})`)
    const cut = await errorOf(session.query('SELECT 1'))
    expect(cut).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Retry' })
  })

  it('observes views, materialized views, partitioned and foreign tables for what they are', async () => {
    await using session = await connect()
    await session.execute('CREATE SCHEMA kinds')
    await session.execute('CREATE TABLE kinds.parts (id text, plan varchar(20)) PARTITION BY LIST (id)')
    await session.execute('CREATE MATERIALIZED VIEW kinds.mat AS SELECT 1 AS one')
    await session.execute('CREATE FOREIGN DATA WRAPPER nothing')
    await session.execute('CREATE SERVER far FOREIGN DATA WRAPPER nothing')
    await session.execute('CREATE FOREIGN TABLE kinds.far (id text) SERVER far')
    await session.execute('CREATE TABLE kinds.nothing ()')
    const { tables } = await session.observe(['kinds'])
    expect(tables.map(({ name, kind }) => [name, kind])).toEqual([
      ['far', 'View'],
      ['mat', 'View'],
      ['nothing', 'Table'],
      ['parts', 'Table'],
    ])
    expect(tables[3]?.columns).toEqual([
      { name: 'id', sqlType: 'text', type: 'String' },
      { name: 'plan', sqlType: 'character varying(20)' },
    ])
  })
})
