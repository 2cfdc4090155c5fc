import { execFile, spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { createServer as createTlsServer } from 'node:tls'
import { inspect, promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { SnowflakeSettings } from '../../src/model/warehouse-block.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { BreakableForward } from '../operator/breakable-forward.ts'
import { selfSigned } from './certificate.ts'
import { type Refusal, scriptSnowflake } from './snowflake-script.ts'
import { describeOnSnowflake, type SnowflakeServer } from './snowflake-server.ts'

/** Until a statement was given up and the driver is done with it: two of its pauses, each of 16 s at most, and 10 s. */
const GIVEN_UP_MS = 60_000
const REGISTRY = path.join(import.meta.dirname, '../../src/warehouses/registry.ts')
const CANARY = `canary-${randomUUID()}`

const rsaKey = (passphrase?: string) =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: {
      type: 'pkcs8',
      format: 'pem',
      ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
    },
  }).privateKey

/** Keys that the server does not know, and things that are no keys. */
const SECRETS: Record<string, string> = {
  stranger: rsaKey(),
  encrypted: rsaKey(CANARY),
  passphrase: CANARY,
  elliptic: generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  nonsense: CANARY,
}
const ref = (key: string) => ({ name: 'warehouse', key })

const open = async (
  settings: SnowflakeSettings,
  secret: SnowflakeServer['secret'] = async ({ key }) => SECRETS[key] ?? '',
  signal?: AbortSignal,
) => (await openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret })).connect(signal)

/** The error of some work, which shows none of the secrets, however deep one looks. */
async function errorOf(work: Promise<unknown>): Promise<EngageError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof EngageError)) throw new Error('an EngageError was expected', { cause: error })
  const shown = inspect(error, { depth: 20, showHidden: true })
  for (const secret of Object.values(SECRETS)) expect(shown).not.toContain(secret.split('\n')[1] ?? secret)
  return error
}

describeOnSnowflake('logins to Snowflake', (server) => {
  let settings: SnowflakeSettings
  beforeAll(async () => {
    settings = await server().createDatabase()
  })

  const secret: SnowflakeServer['secret'] = async (reference) => SECRETS[reference.key] ?? server().secret(reference)
  const works = async (changed: Partial<SnowflakeSettings>) => {
    await using session = await open({ ...settings, ...changed }, secret)
    return (await session.query('SELECT 1 AS one'))[0]?.one
  }
  it('by key and by OAuth token', async () => {
    expect(await works({})).toBe('1')
    const { privateKeySecretRef: _key, ...others } = settings
    await using session = await open({ ...others, oauthTokenSecretRef: ref('token') }, secret)
    expect(await session.serverVersion()).toMatch(/^Snowflake /)
    const refused = await errorOf(open({ ...others, oauthTokenSecretRef: ref('nonsense') }, secret))
    expect(refused).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Wait' })
  })

  it.each<[string, Partial<SnowflakeSettings>, string, string]>([
    ['a key of somebody else', { privateKeySecretRef: ref('stranger') }, 'AuthenticationFailed', 'SET RSA_PUBLIC_KEY'],
    [
      'another user',
      { username: 'nobody', privateKeySecretRef: ref('stranger') },
      'AuthenticationFailed',
      'ALTER USER nobody',
    ],
    ['no such database', { database: 'nope' }, 'DatabaseNotFound', 'CREATE DATABASE nope'],
    ['no such warehouse', { warehouse: 'nope' }, 'PermissionDenied', 'GRANT USAGE ON WAREHOUSE nope'],
  ])('%s', async (_name, changed, reason, message) => {
    const error = await errorOf(open({ ...settings, ...changed }, secret))
    expect(error).toMatchObject({ reason, consequence: 'Stalled' })
    expect(error.message).toContain(message)
  })

  it('what is not there, in the words of the warehouse', async () => {
    await using session = await open(settings, secret)
    const absent = await errorOf(session.query('SELECT * FROM "NOPE"."T"'))
    expect(absent).toMatchObject({ reason: 'WarehouseError', consequence: 'Stalled' })
    await session.execute('CREATE SCHEMA "S"')
    await session.execute('CREATE TABLE "S"."T" ("A" NUMBER(38,0))')
    const column = await errorOf(session.query('SELECT "B" FROM "S"."T"'))
    expect(column.message).toMatch(/invalid identifier '"B"' \[000904, query \w+\]$/)
    const value = await errorOf(session.execute(`INSERT INTO "S"."T" VALUES ('u123@example.com')`))
    expect(value.message).toMatch(/^Snowflake refused a value: it does not fit its column \[100038/)
  })

  it('a break that is short is bridged, and the session goes on', async () => {
    await using way = await BreakableForward.to(Number(new URL(settings.endpoint ?? '').port))
    await using session = await open({ ...settings, endpoint: `http://127.0.0.1:${way.port}` }, secret)
    const before = way.attempts
    way.cut()
    const asked = session.query('SELECT 1 AS one')
    await eventually('the request was sent again', 30, async () => way.attempts > before + 1)
    way.mend()
    expect(await asked).toEqual([{ one: '1' }])
  })

  it('a longer one ends the statement, and the process does not wait for what the driver would repeat', async () => {
    await using way = await BreakableForward.to(Number(new URL(settings.endpoint ?? '').port))
    const key = await server().secret(ref('key'))
    const code = `
      const { openWarehouse } = await import(${JSON.stringify(REGISTRY)})
      const settings = ${JSON.stringify({ ...settings, endpoint: `http://127.0.0.1:${way.port}` })}
      const warehouse = await openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret: async () => process.env.KEY })
      const session = await warehouse.connect()
      console.log('open')
      process.stdin.once('data', async () => {
        process.stdin.destroy()
        const [one] = await Promise.allSettled([session.execute('CREATE SCHEMA "LATE"')])
        const again = await session.execute('SELECT 2').catch((error) => error)
        await session.close()
        console.log(JSON.stringify([one.reason, again].map(({ reason, message }) => reason + ': ' + message)))
      })`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
      env: { ...process.env, KEY: key },
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
    expect((await lines.next()).value).toBe('open')
    way.cut()
    const begin = performance.now()
    const ended = once(child, 'exit')
    child.stdin.write('now')
    const told = `WarehouseUnreachable: http://127.0.0.1:${way.port} does not answer: ECONNRESET`
    expect(JSON.parse((await lines.next()).value ?? '')).toEqual([told, told])
    await ended
    expect(performance.now() - begin).toBeLessThan(GIVEN_UP_MS)
  }, 120_000)

  it('nothing is written but what is asked for, by the driver neither', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), 'engageops-'))
    const key = await server().secret(ref('key'))
    const code = `
      const { openWarehouse } = await import(${JSON.stringify(REGISTRY)})
      const secret = async ({ key }) => (key === 'key' ? process.env.KEY : '')
      const open = (settings) => openWarehouse({ kind: 'snowflake', settings }, { baseDir: '.', secret })
      const session = await (await open(${JSON.stringify(settings)})).connect()
      await session.query('SELECT * FROM nothing').catch(() => undefined)
      await session.close()
      await (await open(${JSON.stringify({ ...settings, endpoint: 'http://127.0.0.1:9' })})).connect().catch(() => undefined)
      console.log('done')`
    const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', code], {
      cwd: directory,
      env: { ...process.env, KEY: key },
    })
    expect([stdout, stderr, await readdir(directory)]).toEqual(['done\n', '', []])
    await rm(directory, { recursive: true })
  })
})

const SETTINGS: SnowflakeSettings = {
  account: 'acme-prod',
  warehouse: 'loading',
  database: 'analytics',
  username: 'engageops',
  role: 'loader',
  privateKeySecretRef: ref('stranger'),
}

describe('keys', () => {
  it.each<[string, Partial<SnowflakeSettings>, string]>([
    [
      'an encrypted key without passphrase',
      { privateKeySecretRef: ref('encrypted') },
      'is encrypted: set privateKeyPassphraseSecretRef',
    ],
    [
      'a passphrase that is not its own',
      { privateKeySecretRef: ref('encrypted'), privateKeyPassphraseSecretRef: ref('stranger') },
      'cannot be decrypted: the passphrase of privateKeyPassphraseSecretRef is not its own',
    ],
    ['a key that is none', { privateKeySecretRef: ref('nonsense') }, 'is no private key: it must be PEM'],
    ['a key of another kind', { privateKeySecretRef: ref('elliptic') }, 'is ec: Snowflake wants an RSA key'],
  ])('%s is told before anything is sent', async (_name, changed, message) => {
    const error = await errorOf(open({ ...SETTINGS, ...changed }))
    expect(error).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
    expect(error.message).toContain(`warehouse/${changed.privateKeySecretRef?.key}, the key of engageops, ${message}`)
  })

  it('an encrypted key opens with its passphrase', async () => {
    const server = await scriptSnowflake({})
    const changed = { privateKeySecretRef: ref('encrypted'), privateKeyPassphraseSecretRef: ref('passphrase') }
    await (await open({ ...SETTINGS, ...changed, endpoint: server.endpoint })).close()
    server.stop()
  })
})

describe('refusals of Snowflake', () => {
  const refusedBy = async (
    refusals: Parameters<typeof scriptSnowflake>[0],
    changed: Partial<SnowflakeSettings> = {},
  ) => {
    const server = await scriptSnowflake(refusals)
    try {
      return await errorOf(
        (async () => {
          await using session = await open({ ...SETTINGS, ...changed, endpoint: server.endpoint })
          await session.execute('MERGE 1')
        })(),
      )
    } finally {
      server.stop()
    }
  }

  it.each<[string, Refusal, string, string, string]>([
    [
      'a network policy',
      { code: '390422', message: 'Incoming request with IP/Token 192.0.2.1 is not allowed to access Snowflake.' },
      'AuthenticationFailed',
      'Stalled',
      'ALLOWED_IP_LIST',
    ],
    [
      'a locked user',
      { code: '390102', message: 'User temporarily locked. Try again later.' },
      'AuthenticationFailed',
      'Stalled',
      'acme-prod refused user engageops: User temporarily locked',
    ],
    [
      'a role',
      { code: '390189', message: "Role 'LOADER' specified in the connect string is not granted to this user." },
      'PermissionDenied',
      'Stalled',
      'GRANT ROLE loader TO USER engageops',
    ],
    [
      'an expired OAuth token',
      { code: '390318', message: 'OAuth access token expired.' },
      'AuthenticationFailed',
      'Wait',
      'renew the Secret of oauthTokenSecretRef',
    ],
    [
      'no such account',
      { status: 404 },
      'WarehouseUnreachable',
      'Stalled',
      'is no Snowflake account (HTTP 404): check spec.snowflake.account',
    ],
    ['an outage', { status: 503 }, 'WarehouseUnreachable', 'Wait', 'answers HTTP 503'],
  ])('to a login: %s', async (_name, login, reason, consequence, message) => {
    const error = await refusedBy({ login })
    expect(error).toMatchObject({ reason, consequence })
    expect(error.message).toContain(message)
  })

  it.each<[string, string, string, string, string, string]>([
    [
      'a suspended warehouse',
      '000606',
      'No active warehouse selected in the current session.',
      'WarehouseError',
      'Wait',
      'ALTER WAREHOUSE loading SET AUTO_RESUME = TRUE',
    ],
    [
      'a used-up quota',
      '090073',
      "Warehouse 'LOADING' cannot be resumed because resource monitor 'M' has exceeded its quota.",
      'WarehouseFull',
      'Wait',
      "resource monitor's quota",
    ],
    [
      'a schema',
      '003001',
      "SQL access control error:\nInsufficient privileges to operate on schema 'ENGAGE_DEFAULT'.",
      'PermissionDenied',
      'Stalled',
      'GRANT USAGE, CREATE TABLE, CREATE STAGE ON SCHEMA ENGAGE_DEFAULT TO ROLE loader',
    ],
    [
      'a database',
      '003001',
      "SQL access control error:\nInsufficient privileges to operate on database 'ANALYTICS'.",
      'PermissionDenied',
      'Stalled',
      'GRANT USAGE, CREATE SCHEMA ON DATABASE ANALYTICS TO ROLE loader',
    ],
    [
      'a table',
      '003001',
      "SQL access control error:\nInsufficient privileges to operate on table 'USERS'.",
      'PermissionDenied',
      'Stalled',
      'GRANT SELECT, INSERT, UPDATE, DELETE (or OWNERSHIP, to change it) ON TABLE USERS TO ROLE loader',
    ],
    [
      'a lock',
      '000625',
      "Statement '01b' has locked table 'USERS' in transaction 17 and this lock has not yet been released.",
      'WarehouseError',
      'Retry',
      'cut off: Statement',
    ],
    [
      'a time-out',
      '000630',
      'Statement reached its statement or warehouse timeout of 1,800 second(s) and was canceled.',
      'WarehouseError',
      'Stalled',
      'timeout of 1,800 second(s) and was canceled.): use a larger warehouse, or a smaller schemaPolicy.dedupeWindow',
    ],
    [
      'a change of type',
      '002108',
      'SQL compilation error: cannot change column PLAN from type NUMBER(38,0) to VARCHAR(16777216)',
      'UnsupportedChange',
      'Stalled',
      'cannot change column PLAN',
    ],
  ])('to a statement: %s', async (_name, code, words, reason, consequence, message) => {
    const error = await refusedBy({ statement: (sql) => (sql === 'MERGE 1' ? { code, message: words } : undefined) })
    expect(error).toMatchObject({ reason, consequence })
    expect(error.message).toContain(message)
    expect(error.message).toContain(code)
  })

  it.each([
    ['091003', 'Failure using stage area. Cause: [Access Denied (Status Code: 403; Error Code: AccessDenied)]'],
    ['003167', "Location 's3://company-staging/engageops' is not allowed by integration BUCKETS"],
  ])('to read a bucket: %s', async (code, message) => {
    const staging = { stage: 'loading.files', url: 's3://company-staging/engageops' }
    const statement = (sql: string) => (sql === 'MERGE 1' ? { code, message } : undefined)
    const error = await refusedBy({ statement }, { staging })
    expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
    expect(error.message).toContain('let its storage integration read s3://company-staging/engageops')
  })

  it.each([
    ['100078', "String 'u123@example.com' is too long and would be truncated"],
    ['100090', 'Duplicate row detected during DML action\nRow Values: [u123@example.com, 12]'],
    ['100038', "Numeric value 'u123@example.com' is not recognized"],
  ])('keep the value of %s to themselves', async (code, message) => {
    const error = await refusedBy({ statement: (sql) => (sql === 'MERGE 1' ? { code, message } : undefined) })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('example.com')
    expect(error.message).toContain(`[${code}, query query-1]`)
  })

  it('end a transaction with ROLLBACK, and are not followed by anything on a session that is lost', async () => {
    const server = await scriptSnowflake({
      statement: (sql) => {
        if (sql === 'MERGE 1') return { code: '100090', message: 'Duplicate row detected during DML action' }
        return sql === 'MERGE 2' ? { code: '390111', message: 'Session no longer exists.' } : undefined
      },
    })
    const session = await open({ ...SETTINGS, endpoint: server.endpoint })
    await errorOf(session.transaction(() => session.execute('MERGE 1')))
    const lost = await errorOf(session.transaction(() => session.execute('MERGE 2')))
    expect(lost).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Retry' })
    await errorOf(session.dropStage('"S"."EO_STAGE_1"'))
    await session.close()
    expect(server.statements()).toEqual(['BEGIN', 'MERGE 1', 'ROLLBACK', 'BEGIN', 'MERGE 2'])
    server.stop()
  })

  it('commit only the transaction that was begun', async () => {
    const server = await scriptSnowflake({})
    await using session = await open({ ...SETTINGS, endpoint: server.endpoint })
    await session.transaction(() => session.execute('MERGE 1'))
    expect(server.statements()).toEqual(['BEGIN', 'MERGE 1', 'SELECT CURRENT_TRANSACTION() AS id', 'COMMIT'])
    server.stop()
  })
})

describe('a storage that takes no files', () => {
  const closed = {
    locationType: 'S3',
    location: 'stages/1/',
    region: 'us-east-1',
    endPoint: '127.0.0.1:9',
    creds: { AWS_KEY_ID: 'AKIA', AWS_SECRET_KEY: CANARY, AWS_TOKEN: CANARY },
  }
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'engageops-'))
    await writeFile(path.join(folder, 'part.csv'), 'x\n')
    return () => rm(folder, { recursive: true })
  })

  /** A session whose PUTs are sent to these storages, one after the other, with a stage to load. */
  const loadThrough = async (storage: (put: number) => object) => {
    const server = await scriptSnowflake({ storage })
    const session = await open({ ...SETTINGS, endpoint: server.endpoint })
    const part = { path: path.join(folder, 'part.csv'), columns: ['id'], rows: 1, longestLine: 1 }
    const puts = () => server.statements().filter((sql) => sql.startsWith('PUT ')).length
    return {
      session,
      puts,
      load: () => session.stage({ schema: 's', columns: [{ name: 'id', type: 'String' as const }], parts: [part] }),
      async [Symbol.asyncDispose]() {
        await session.close()
        server.stop()
      },
    }
  }

  it('is told, without the local file, after a few tries; the session goes on', async () => {
    await using loading = await loadThrough(() => closed)
    const error = await errorOf(loading.load())
    expect(error).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Retry' })
    expect(error.message).toMatch(/^the storage of acme-prod, .*ECONNREFUSED.*let it through the firewall/)
    expect(error.message).not.toContain('part.csv')
    expect(loading.puts()).toBe(4)
    expect(await loading.session.query('SELECT 1 AS id')).toEqual([{ id: '1' }])
  })

  it('is sent the file again', async () => {
    const location = path.join(folder, 'taken')
    await using loading = await loadThrough((put) => (put < 2 ? closed : { locationType: 'LOCAL_FS', location }))
    expect(await loading.load()).toBe('"S"."EO_STAGE_1"')
    expect(loading.puts()).toBe(2)
    expect(await readdir(location)).toEqual(['part.csv.gz'])
  })
})

describe('a server that is not there', () => {
  it('is told by name', async () => {
    const refused = await errorOf(open({ ...SETTINGS, endpoint: 'http://127.0.0.1:9' }))
    expect(refused).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
    expect(refused.message).toContain('http://127.0.0.1:9 does not answer: ECONNREFUSED')
    const unknown = await errorOf(open({ ...SETTINGS, endpoint: 'https://no-such-host.invalid' }))
    expect(unknown.message).toContain('https://no-such-host.invalid does not answer: ENOTFOUND')
  })

  it('or is somebody else', async () => {
    const { certificate, key } = selfSigned('localhost')
    const impostor = createTlsServer({ cert: certificate, key }).listen(0, '127.0.0.1')
    await once(impostor, 'listening')
    const endpoint = `https://localhost:${(impostor.address() as AddressInfo).port}`
    const error = await errorOf(open({ ...SETTINGS, endpoint }))
    expect(error).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
    expect(error.message).toContain('its certificate was not accepted')
    impostor.close()
  })

  it('or accepts and says nothing, is not waited for longer than wanted', async () => {
    const sockets: { destroy(): void }[] = []
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
    const error = await errorOf(open({ ...SETTINGS, endpoint }, undefined, AbortSignal.timeout(200)))
    expect(error).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
    expect(error.message).toBe(`${endpoint} does not answer in time: the login was given up`)
    silent.close()
    for (const socket of sockets) socket.destroy()
  })
})
