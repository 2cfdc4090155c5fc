import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { DatabricksSettings } from '../../src/model/warehouse-block.ts'
import type { Session } from '../../src/warehouses/port.ts'
import { noFaults } from './databricks/gateway.ts'
import { describeOnSpark, startDatabricks } from './databricks-server.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 240_000 })

describeOnSpark('errors of Databricks', () => {
  let server: Awaited<ReturnType<typeof startDatabricks>>
  beforeAll(async () => {
    server = await startDatabricks()
  })
  afterAll(() => server?.gateway.stop())
  afterEach(() => {
    server.gateway.faults = noFaults()
  })

  const connect = async (changed: Partial<DatabricksSettings> = {}, secret?: string, signal?: AbortSignal) =>
    (await server.warehouse(changed, secret)).connect(signal)

  /** The error of some work, which shows no secret and no token, however deep one looks. */
  const errorOf = async (work: Promise<unknown>, secret = server.gateway.clientSecret): Promise<EngageError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof EngageError)) throw new Error('an EngageError was expected', { cause: error })
    const shown = inspect(error, { depth: 20, showHidden: true })
    for (const hidden of [secret, Buffer.from(secret).toString('base64'), ...server.gateway.tokens]) {
      expect(shown).not.toContain(hidden)
    }
    return error
  }

  describe('on the way to a session', () => {
    it('a wrong secret', async () => {
      const wrong = 'canary-4c1d'
      const error = await errorOf(connect({}, wrong), wrong)
      expect(error).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
      expect(error.message).toContain(server.settings.clientId)
      expect(error.message).toContain('check clientId and the Secret')
    })

    it.each<[string, Partial<DatabricksSettings>, Partial<EngageError>, string]>([
      [
        'a host that is not there',
        { host: 'no-such-host.invalid' },
        { reason: 'WarehouseUnreachable', consequence: 'Wait' },
        'no-such-host.invalid',
      ],
      [
        'a warehouse that is not there',
        { httpPath: '/sql/1.0/warehouses/other' },
        { reason: 'DatabaseNotFound', consequence: 'Stalled' },
        '/sql/1.0/warehouses/other',
      ],
      [
        'a catalog that is not there',
        { catalog: 'nope' },
        { reason: 'DatabaseNotFound', consequence: 'Stalled' },
        'CREATE CATALOG `nope`',
      ],
    ])('%s', async (_name, changed, expected, message) => {
      const error = await errorOf(connect(changed))
      expect(error).toMatchObject(expected)
      expect(error.message).toContain(message)
    })

    it('a log-in by itself: a token and nothing more, or the same error', async () => {
      const [tokens, statements] = [server.gateway.tokens.length, server.gateway.statements.length]
      server.gateway.faults.isForbidden = true // It would keep a session from being opened.
      const warehouse = await server.warehouse()
      await warehouse.authenticate?.()
      expect(server.gateway.tokens.length).toBe(tokens + 1)
      expect(server.gateway.statements.length).toBe(statements)
      const wrong = await server.warehouse({}, 'canary-77aa')
      const error = await errorOf(Promise.resolve(wrong.authenticate?.()), 'canary-77aa')
      expect(error).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
    })

    it('an authority that nobody knows', async () => {
      const { caSecretRef: _ca, ...settings } = server.settings
      const warehouse = await server.warehouseOf(settings)
      const error = await errorOf(warehouse.connect())
      expect(error).toMatchObject({ reason: 'TlsFailed', consequence: 'Stalled' })
      expect(error.message).toContain('set caSecretRef')
    })

    it('a principal that may not use the warehouse', async () => {
      server.gateway.faults.isForbidden = true
      const error = await errorOf(connect())
      expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
      expect(error.message).toContain('CAN USE')
    })

    it('a closed port, and a server that accepts and says nothing', async () => {
      const silent = createServer(() => undefined).listen(0, '127.0.0.1')
      await once(silent, 'listening')
      const address = silent.address()
      const port = typeof address === 'object' ? (address?.port ?? 0) : 0
      const aborted = await errorOf(connect({ port }, undefined, AbortSignal.timeout(300)))
      expect(aborted).toMatchObject({ reason: 'WarehouseUnreachable' })
      silent.close()
      const closed = await errorOf(connect({ port }))
      expect(closed).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
    })

    it('waits for a warehouse that starts', async () => {
      server.gateway.faults.starting = 2
      await using session = await connect()
      expect(server.gateway.faults.starting).toBe(0)
      expect(await session.query('SELECT 1 AS one')).toEqual([{ one: '1' }])
    })

    it('says that a warehouse is starting when nobody wants to wait any longer', async () => {
      server.gateway.faults.starting = 1000
      const refusing = await errorOf(connect({}, undefined, AbortSignal.timeout(1500)))
      expect(refusing).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
      expect(refusing.message).toContain('is starting')
      Object.assign(server.gateway.faults, { starting: 0, isSilent: true })
      const silent = await errorOf(connect({}, undefined, AbortSignal.timeout(1500)))
      expect(silent).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
      expect(silent.message).toContain('is starting')
    })
  })

  describe('of a session', () => {
    let session: Session
    let folder: string
    beforeAll(async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'engageops-'))
      await writeFile(path.join(folder, 'part.csv'), 'x\n')
      session = await connect()
      await session.execute('CREATE SCHEMA IF NOT EXISTS errors')
      await session.execute('CREATE TABLE IF NOT EXISTS errors.t (id STRING, n BIGINT) USING DELTA')
    })
    afterAll(async () => {
      await session.close()
      await rm(folder, { recursive: true })
    })

    const load = (into: Session) => {
      const part = { path: path.join(folder, 'part.csv'), columns: ['id'], rows: 1, longestLine: 1 }
      return into.stage({ schema: 'errors', columns: [{ name: 'id', type: 'String' }], parts: [part] })
    }
    const puts = () => server.gateway.statements.filter((sql) => sql.startsWith('PUT ')).length

    const refuse = (start: string, message: string, sqlState = '') => {
      server.gateway.faults.refusal = (sql) => (sql.startsWith(start) ? { message, sqlState } : undefined)
    }

    it.each([
      [
        "[INSUFFICIENT_PERMISSIONS] Insufficient privileges: User does not have CREATE SCHEMA on Catalog 'main'. SQLSTATE: 42501",
        'GRANT CREATE SCHEMA ON CATALOG `main` TO ',
      ],
      [
        "PERMISSION_DENIED: User does not have MODIFY on Table 'main.errors.t'.",
        'GRANT MODIFY ON TABLE `main`.`errors`.`t` TO ',
      ],
      ['[INSUFFICIENT_PERMISSIONS] Insufficient privileges. SQLSTATE: 42501', 'ON CATALOG `main` TO '],
    ])('%s: the GRANT to run', async (message, grant) => {
      refuse('INSERT', message, '42501')
      const error = await errorOf(session.execute("INSERT INTO errors.t VALUES ('x', 1)"))
      expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
      expect(error.message).toContain(`${grant}\`${server.settings.clientId}\``)
    })

    it('keeps values of rows to itself', async () => {
      const error = await errorOf(session.query("SELECT CAST('u123@example.com' AS BIGINT)"))
      expect(error).toMatchObject({ reason: 'WarehouseError', consequence: 'Stalled' })
      expect(error.message).toContain('[CAST_INVALID_INPUT]')
      const syntax = await errorOf(session.query("SELECT 'u123@example.com' FROM WHERE"))
      for (const { message } of [error, syntax]) expect(message).not.toContain('example.com')
    })

    it('tries again when another commit was in the way, and tells when that does not end', async () => {
      const message = '[DELTA_CONCURRENT_APPEND] ConcurrentAppendException: Files were added by a concurrent update.'
      let times = 0
      server.gateway.faults.refusal = (sql) => {
        if (!sql.startsWith('UPDATE') || times === 0) return undefined
        times -= 1
        return { message, sqlState: '2D521' }
      }
      times = 2
      await session.execute("INSERT INTO errors.t VALUES ('x', 1)")
      expect(await session.execute("UPDATE errors.t SET n = 2 WHERE id = 'x'")).toBeGreaterThan(0)
      times = 1000
      const error = await errorOf(session.execute("UPDATE errors.t SET n = 3 WHERE id = 'x'"))
      expect(error).toMatchObject({ reason: 'WarehouseError', consequence: 'Retry' })
      expect(error.message).toContain('another session was in the way')
      expect(1000 - times).toBeLessThan(10)
    })

    it('says how to let columns be dropped in a table that was taken over', async () => {
      const error = await errorOf(session.execute('ALTER TABLE errors.t DROP COLUMN IF EXISTS n'))
      expect(error).toMatchObject({ reason: 'UnsupportedChange', consequence: 'Stalled' })
      expect(error.message).toContain("'delta.columnMapping.mode' = 'name'")
    })

    it('a volume that is not there', async () => {
      await using other = await connect({ stagingVolume: '/Volumes/main/engageops/other' })
      const error = await errorOf(load(other))
      expect(error).toMatchObject({ reason: 'DatabaseNotFound', consequence: 'Stalled' })
      expect(error.message).toContain('CREATE VOLUME `main`.`engageops`.`other`')
    })

    it('a storage that does not answer, without the address that was signed', async () => {
      const canary = 'canary-59d2'
      server.gateway.faults.storageAddress = `https://127.0.0.1:9/stages/x?X-Amz-Security-Token=${canary}&X-Amz-Date=1`
      const before = puts()
      const error = await errorOf(load(session), canary)
      expect(error).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
      const told = `the storage of stagingVolume ${server.gateway.volume}, 127.0.0.1:9, does not answer (ECONNREFUSED)`
      expect(error.message).toBe(`${told}: let it through the firewall`)
      expect(puts() - before).toBe(4)
    })

    it('a storage that is busy is sent the file again', async () => {
      server.gateway.faults.storage = [503, 429]
      const before = puts()
      const stage = await load(session)
      expect(puts() - before).toBe(3)
      expect(await session.query(`SELECT * FROM ${stage}`)).toEqual([{ id: 'x' }])
      await session.dropStage(stage)
    })

    it('a storage that refuses is for a person', async () => {
      server.gateway.faults.storage = [403]
      const before = puts()
      const error = await errorOf(load(session))
      expect(error).toMatchObject({ reason: 'PermissionDenied', consequence: 'Stalled' })
      expect(error.message).toContain(
        `the storage of stagingVolume ${server.gateway.volume} refuses files (HTTP error 403`,
      )
      expect(puts() - before).toBe(1)
    })

    it.each([
      [
        '[QUERY_EXECUTION_TIMEOUT_EXCEEDED] Query execution was cancelled due to exceeding the timeout (1800s). SQLSTATE: 57KD0',
        'Stalled',
        'use a larger SQL warehouse, or a smaller schemaPolicy.dedupeWindow',
      ],
      ['Query timed out after 1800 seconds', 'Stalled', 'longer than 30 min'],
      ['[OPERATION_CANCELED] Operation has been canceled. SQLSTATE: HY008', 'Retry', 'was ended before it was done'],
    ])('%s', async (message, consequence, told) => {
      refuse('INSERT', message)
      const error = await errorOf(session.execute("INSERT INTO errors.t VALUES ('x', 1)"))
      expect(error).toMatchObject({ reason: 'WarehouseError', consequence })
      expect(error.message).toContain(told)
    })

    it('a token that is no longer taken, and a server that is gone', async () => {
      const lost = await startDatabricks()
      const warehouse = await lost.warehouse()
      const other = await warehouse.connect()
      lost.gateway.revokeTokens()
      expect(await errorOf(other.query('SELECT 1'))).toMatchObject({ reason: 'AuthenticationFailed' })
      await lost.gateway.stop()
      expect(await errorOf(other.query('SELECT 1'))).toMatchObject({
        reason: 'WarehouseUnreachable',
        consequence: 'Wait',
      })
      await other.close()
    })
  })
})
