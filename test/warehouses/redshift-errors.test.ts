import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { RedshiftSettings } from '../../src/model/warehouse-block.ts'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { startRedshift } from './redshift-on-postgres.ts'

const ROLE = 'arn:aws:iam::123456789012:role/redshift'
const staging = { s3Url: 's3://bucket/stage', iamRole: ROLE }

describe('errors of Redshift', () => {
  let server: Awaited<ReturnType<typeof startRedshift>>
  let database: string
  let session: Session
  beforeAll(async () => {
    server = await startRedshift()
    database = await server.createDatabase()
    await server.run(database, `DROP ROLE IF EXISTS "Few"; CREATE ROLE "Few" LOGIN PASSWORD '${server.password}'`)
    session = await connect()
  })
  afterAll(async () => {
    await session.close()
    await server.stop()
    await server.run('postgres', 'DROP ROLE "Few"')
  })

  const connect = async (changed: Partial<RedshiftSettings> = {}, password = server.password) => {
    const settings: RedshiftSettings = {
      host: server.host,
      port: server.port,
      database,
      username: server.user,
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'Disable',
      staging,
      ...changed,
    }
    const secret = async ({ key }: { key: string }) => (key === 'ca' ? server.ca : password)
    return (await openWarehouse({ kind: 'redshift', settings }, { baseDir: '.', secret })).connect()
  }
  const errorOf = async (work: Promise<unknown>): Promise<EngageError> => {
    const error = await work.catch((thrown: unknown) => thrown)
    if (!(error instanceof EngageError)) throw new Error('an EngageError was expected', { cause: error })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(server.password)
    return error
  }
  /** An error as Redshift sends it. */
  const raised = (code: string, message: string, detail: string) =>
    errorOf(
      session.execute(
        `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}', MESSAGE = '${message}', DETAIL = '${detail}'; END $$`,
      ),
    )

  it('verifies the certificate and the host name of the server', async () => {
    const caSecretRef = { name: 'warehouse', key: 'ca' }
    await using trusted = await connect({ ...server.postgres, host: 'localhost', sslMode: 'VerifyFull', caSecretRef })
    const [row] = await trusted.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()')
    expect(row?.ssl).toBe('true')
    const otherName = connect({ ...server.postgres, sslMode: 'VerifyFull', caSecretRef })
    expect(await errorOf(otherName)).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
    const noAuthority = connect({ ...server.postgres, host: 'localhost', sslMode: 'VerifyFull' })
    expect(await errorOf(noAuthority)).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
  })

  it('tells a wrong password, a database that is not there, and a server that is not', async () => {
    const refused = await errorOf(connect({ username: 'Few' }, `not-${server.user}`))
    expect(refused).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
    expect(await errorOf(connect({ database: 'Nope' }))).toMatchObject({ reason: 'DatabaseNotFound' })
    const gone = await errorOf(connect({ host: 'no-such-host.invalid' }))
    expect(gone).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
    expect(gone.message).toContain('resume the cluster')
  })

  it.each([
    ['XX000', '1023', 'Serializable isolation violation on table - 119371', 'WarehouseError', 'Retry', 'violation'],
    ['XX000', 'could not complete because of conflict with concurrent transaction', '', 'WarehouseError', 'Retry', ''],
    ['40001', 'could not serialize access', '', 'WarehouseError', 'Retry', ''],
    ['57014', 'canceling statement due to statement timeout', '', 'WarehouseError', 'Stalled', 'larger cluster'],
    ['57014', "Query (17) cancelled on user''s request", '', 'WarehouseError', 'Stalled', 'longer than 30 min'],
    ['57014', 'Query (17) cancelled by WLM abort action', '', 'WarehouseError', 'Retry', 'WLM'],
    ['XX000', 'Disk Full', 'error: Disk Full code: 1016', 'WarehouseFull', 'Wait', 'add nodes'],
    ['53100', 'could not write block', '', 'WarehouseFull', 'Wait', ''],
    ['53300', 'connection limit exceeded', '', 'WarehouseFull', 'Wait', ''],
    ['XX000', 'Query reached usage limit', '', 'WarehouseFull', 'Wait', 'workgroup'],
    ['57P03', 'the cluster is resuming', '', 'WarehouseUnreachable', 'Wait', 'resume the cluster'],
    ['57P01', 'terminating connection due to administrator command', '', 'WarehouseUnreachable', 'Retry', ''],
    ['25006', 'transaction is read-only', '', 'WarehouseError', 'Wait', 'resized'],
    ['XX000', '1040', 'too many tables or too many columns', 'ColumnLimit', 'Stalled', ''],
    [
      'XX000',
      '8001',
      'The combined length of columns processed in the SQL statement exceeded the query-processing limit of 65535 characters (pid:7627)',
      'ColumnLimit',
      'Stalled',
      'lower schemaPolicy.maxColumns',
    ],
    ['2BP01', 'cannot drop column', 'view v depends on it', 'UnsupportedChange', 'Stalled', 'view v'],
    [
      'XX000',
      'User arn is not authorized to assume IAM Role',
      '',
      'PermissionDenied',
      'Stalled',
      `ASSUMEROLE ON '${ROLE}'`,
    ],
    [
      'XX000',
      'S3ServiceException:Access Denied,Status 403,Error AccessDenied',
      '',
      'PermissionDenied',
      'Stalled',
      's3:GetObject',
    ],
    [
      'XX000',
      'S3ServiceException:use the specified endpoint,Status 301,Error PermanentRedirect',
      '',
      'WarehouseError',
      'Stalled',
      'another region',
    ],
    [
      'XX000',
      'S3ServiceException:Please reduce your request rate,Status 503,Error SlowDown',
      '',
      'WarehouseError',
      'Retry',
      's3://bucket',
    ],
    ['22P02', 'invalid input: Disk Full u123@example.com', '', 'WarehouseError', 'Stalled', 'Redshift refused a value'],
    [
      'XX000',
      'Invalid digit, Value u, Pos 0, Type: Long',
      '\n  error:  Invalid digit, Value u, Pos 0, Type: Long \n  code:      1207\n  context:   u123@example.com\n',
      'WarehouseError',
      'Stalled',
      'Redshift refused a value',
    ],
    ['22003', 'Value out of range for 8 bytes.', 'u123@example.com', 'WarehouseError', 'Stalled', 'a number is out'],
  ])('%s %s', async (code, message, detail, reason, consequence, told) => {
    const error = await raised(code, message, detail)
    expect(error).toMatchObject({ reason, consequence, message: expect.stringContaining(told) })
    expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('example.com')
  })

  it('gives the GRANT to run', async () => {
    await using few = await connect({ username: 'Few' })
    const error = await errorOf(few.execute('CREATE SCHEMA mine'))
    expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
    expect(error.message).toContain(`GRANT CREATE ON DATABASE "${database}" TO "Few"`)
  })

  it('takes a column that is there for added in no transaction, and for another session’s doing in one', async () => {
    await session.execute('CREATE SCHEMA "s"')
    await session.execute('CREATE TABLE "s"."t" ("a" bigint)')
    const add = 'ALTER TABLE "s"."t" ADD COLUMN "a" bigint'
    expect(await session.execute(add)).toBe(0)
    const inTransaction = await errorOf(session.transaction(() => session.execute(add)))
    expect(inTransaction).toMatchObject({ reason: 'WarehouseError', consequence: 'Retry' })
    expect(await errorOf(session.execute('ALTER TABLE "s"."t" RENAME COLUMN "b" TO "c"'))).toMatchObject({
      consequence: 'Stalled',
    })
  })
})
