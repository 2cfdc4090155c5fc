import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { inspect } from 'node:util'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { EngageError } from '../../src/model/errors.ts'
import type { Session } from '../../src/warehouses/port.ts'
import { openWarehouse } from '../../src/warehouses/registry.ts'
import { StatementFailed } from '../../src/warehouses/statement-failed.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { type ApiAnswer, type ApiRequest, ApiServer, keyFor, refusal } from './bigquery-api.ts'

const TOKEN = 'canary-token-7f3a'
const DONE = { status: 200, body: { status: { state: 'DONE' }, jobReference: { jobId: 'x' } } }
const RESULTS = { status: 200, body: { jobComplete: true, schema: { fields: [] }, rows: [] } }
const failed = (reason: string, message: string): ApiAnswer => ({
  status: 200,
  body: { status: { state: 'DONE', errorResult: { reason, message } } },
})

const isProbe = ({ body }: ApiRequest) => body.toString().includes('"dryRun":true')
const isInsert = ({ method, path }: ApiRequest) => method === 'POST' && path.endsWith('/jobs?prettyPrint=false')

describe('errors of BigQuery', () => {
  let server: ApiServer
  afterEach(() => server?.stop())

  /** An API of which the probe and tokens are in order, unless the answer says otherwise. */
  const serve = async (answer: (request: ApiRequest) => ApiAnswer | undefined) => {
    server = await ApiServer.start((request) => {
      const special = answer(request)
      if (special) return special
      if (request.path === '/token') return { status: 200, body: { access_token: TOKEN, expires_in: 3600 } }
      return isInsert(request) ? DONE : RESULTS
    })
  }
  const connect = async (key = keyFor(server.url), signal?: AbortSignal, endpoint = server.url): Promise<Session> => {
    const serviceAccountSecretRef = { name: 'warehouse', key: 'key.json' }
    const settings = { projectId: 'project', location: 'EU', serviceAccountSecretRef, endpoint }
    const warehouse = await openWarehouse({ kind: 'bigquery', settings }, { baseDir: '.', secret: async () => key })
    return warehouse.connect(signal)
  }
  /** The ids of the jobs that were told to end. */
  const cancelled = () => server.requests.flatMap(({ path }) => /\/jobs\/([^/]+)\/cancel/.exec(path)?.[1] ?? [])
  /** The error of some work, which shows neither key nor token, however deep one looks. */
  const errorOf = async (work: Promise<unknown>): Promise<EngageError> => {
    const error = await work.then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    if (!(error instanceof EngageError)) throw new Error('an EngageError was expected', { cause: error })
    const shown = inspect(error, { depth: 20, showHidden: true })
    expect(shown).not.toMatch(/canary|PRIVATE KEY|assertion=/)
    return error
  }

  const GRANT =
    'gcloud projects add-iam-policy-binding project --member=serviceAccount:sync@project.iam.gserviceaccount.com'
  it.each<[string, ApiAnswer, string, string, string]>([
    [
      'no right to run jobs',
      refusal(
        403,
        'accessDenied',
        'Access Denied: Project project: User does not have bigquery.jobs.create permission in project project.',
      ),
      'PermissionDenied',
      'Stalled',
      `${GRANT} --role=roles/bigquery.jobUser`,
    ],
    [
      'no right on a dataset',
      refusal(
        403,
        'accessDenied',
        'Access Denied: Dataset project:d: Permission bigquery.tables.create denied on dataset project:d',
      ),
      'PermissionDenied',
      'Stalled',
      `${GRANT} --role=roles/bigquery.dataEditor`,
    ],
    [
      'no such project',
      refusal(404, 'notFound', 'Not found: Project project'),
      'DatabaseNotFound',
      'Stalled',
      'bigquery.projectId',
    ],
    [
      'a dataset of another location',
      refusal(404, 'notFound', 'Not found: Dataset project:d was not found in location EU'),
      'WarehouseError',
      'Stalled',
      'bigquery.location',
    ],
    [
      'a quota that is used up',
      refusal(403, 'quotaExceeded', 'Quota exceeded: DML'),
      'WarehouseFull',
      'Wait',
      'raise the quota',
    ],
    [
      'no billing',
      refusal(403, 'billingNotEnabled', 'Billing has not been enabled for this project.'),
      'PermissionDenied',
      'Stalled',
      'link a billing account to project project',
    ],
    [
      'the API switched off',
      refusal(403, 'accessNotConfigured', 'BigQuery API has not been used in project 123 before or it is disabled.'),
      'PermissionDenied',
      'Stalled',
      'gcloud services enable bigquery.googleapis.com --project project',
    ],
    [
      'a token that is not taken',
      refusal(401, 'authError', 'Invalid Credentials'),
      'AuthenticationFailed',
      'Stalled',
      'make a new key',
    ],
    [
      'a result that is too large',
      refusal(403, 'responseTooLarge', 'Response too large to return.'),
      'WarehouseError',
      'Stalled',
      'responseTooLarge',
    ],
  ])('%s', async (_name, answer, reason, consequence, message) => {
    await serve((request) => (isInsert(request) ? answer : undefined))
    const error = await errorOf(connect())
    expect(error).toMatchObject({ reason, consequence })
    expect(error.message).toContain(message)
  })

  it.each<[string, string, string]>([
    ['Invalid JWT Signature.', 'AuthenticationFailed', 'make a new key'],
    [
      'Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. Check your iat and exp values',
      'AuthenticationFailed',
      'set the clock',
    ],
  ])('a token server that says: %s', async (description, reason, message) => {
    await serve(({ path }) =>
      path === '/token' ? { status: 400, body: { error: 'invalid_grant', error_description: description } } : undefined,
    )
    const error = await errorOf(connect())
    expect(error).toMatchObject({ reason, consequence: 'Stalled' })
    expect(error.message).toContain(message)
  })

  it.each([
    ['no JSON', 'canary {'],
    ['JSON of another kind', JSON.stringify({ type: 'authorized_user', refresh_token: 'canary' })],
    ['no PEM in it', keyFor('http://127.0.0.1:1', 'canary')],
  ])('a key that is none: %s', async (_name, key) => {
    await serve(() => undefined)
    expect(await errorOf(connect(key))).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
  })

  describe('without a key', () => {
    const connectWithout = async () => {
      const settings = { projectId: 'project', location: 'EU', endpoint: server.url }
      const warehouse = await openWarehouse({ kind: 'bigquery', settings }, { baseDir: '.', secret: async () => '' })
      return warehouse.connect()
    }
    afterEach(() => vi.unstubAllEnvs())

    it('uses the identity that the environment has', async () => {
      await serve(({ path: url }) =>
        url === '/sts'
          ? {
              status: 200,
              body: { access_token: TOKEN, expires_in: 3600, token_type: 'Bearer', issued_token_type: 'x' },
            }
          : undefined,
      )
      const directory = await mkdtemp(path.join(tmpdir(), 'engageops-'))
      const [tokenFile, file] = ['token', 'credentials.json'].map((name) => path.join(directory, name))
      await writeFile(tokenFile ?? '', 'a token of Kubernetes')
      const credentials = {
        type: 'external_account',
        audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k',
        subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
        token_url: `${server.url}/sts`,
        credential_source: { file: tokenFile },
      }
      await writeFile(file ?? '', JSON.stringify(credentials))
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', file)
      await using session = await connectWithout()
      expect(await session.execute('x')).toBe(0)
      expect(server.requests.findLast(isInsert)?.headers.authorization).toBe(`Bearer ${TOKEN}`)
      await rm(directory, { recursive: true })
    })

    it('says so where there is none', async () => {
      await serve(() => undefined)
      vi.stubEnv('GOOGLE_APPLICATION_CREDENTIALS', undefined)
      vi.stubEnv('METADATA_SERVER_DETECTION', 'none')
      vi.stubEnv('HOME', '/nowhere')
      const error = await errorOf(connectWithout())
      expect(error).toMatchObject({ reason: 'AuthenticationFailed', consequence: 'Stalled' })
      expect(error.message).toContain('set serviceAccountSecretRef')
    })
  })

  it('tells a port that nobody listens on', async () => {
    await serve(() => undefined)
    const dead = await ApiServer.start(() => 'Silence')
    const { url } = dead
    dead.stop()
    const error = await errorOf(connect(keyFor(server.url), undefined, url))
    expect(error).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
    expect(error.message).toContain(url)
  })

  it.each(['/token', '/bigquery'])('gives up on a server that accepts and says nothing: %s', async (silent) => {
    await serve(({ path }) => (path.startsWith(silent) ? 'Silence' : undefined))
    const error = await errorOf(connect(undefined, AbortSignal.timeout(300)))
    expect(error).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Wait' })
  })

  it('asks again while the service is out of order, and not for ever', async () => {
    await serve((request) => (isInsert(request) ? refusal(503, 'backendError', 'Try again') : undefined))
    expect(await errorOf(connect())).toMatchObject({ reason: 'WarehouseUnreachable', consequence: 'Retry' })
    expect(server.requests.filter(isInsert)).toHaveLength(5)
  })

  it('meets its own job when a request is sent twice', async () => {
    let inserts = 0
    await serve((request) => {
      if (!isInsert(request) || isProbe(request)) return undefined
      inserts += 1
      return inserts === 1 ? 'HangUp' : refusal(409, 'duplicate', 'Already Exists: Job project:EU.x')
    })
    await using session = await connect()
    expect(await session.execute('SELECT 1')).toBe(0)
    const ids = server.requests.filter((request) => isInsert(request) && !isProbe(request)).map(idOf)
    expect([ids.length, new Set(ids).size]).toEqual([2, 1])
  })

  it('runs a job again that failed for a moment, as another one', async () => {
    let inserts = 0
    await serve((request) => {
      if (!isInsert(request) || isProbe(request)) return undefined
      inserts += 1
      return inserts === 1
        ? failed('rateLimitExceeded', 'Exceeded rate limits: too many table update operations')
        : undefined
    })
    await using session = await connect()
    await session.execute('ALTER TABLE t ADD COLUMN c STRING')
    const ids = server.requests.filter((request) => isInsert(request) && !isProbe(request)).map(idOf)
    expect(new Set(ids).size).toBe(2)
  })

  it.each<[string, string, string, string]>([
    [
      'invalidQuery',
      'Could not serialize access to table project:d.t due to concurrent update',
      'WarehouseError',
      'Retry',
    ],
    [
      'accessDenied',
      'Access Denied: Table project:d.t: User does not have permission to query table',
      'PermissionDenied',
      'Stalled',
    ],
    ['stopped', 'Job execution was cancelled: Job timed out after 1800s', 'WarehouseError', 'Stalled'],
    ['stopped', 'Job execution was cancelled: User requested cancellation', 'WarehouseError', 'Retry'],
    ['invalidQuery', 'Too many columns in the table', 'ColumnLimit', 'Stalled'],
    [
      'invalidQuery',
      'ALTER TABLE ALTER COLUMN SET DATA TYPE requires that the existing column type is assignable',
      'UnsupportedChange',
      'Stalled',
    ],
  ])('a job that ends with %s: %s', async (jobReason, message, reason, consequence) => {
    await serve((request) => (isInsert(request) && !isProbe(request) ? failed(jobReason, message) : undefined))
    await using session = await connect()
    const error = await errorOf(session.execute('x'))
    expect(error).toMatchObject({ reason, consequence })
    expect(error).toBeInstanceOf(StatementFailed)
  })

  it.each<[string, ApiAnswer, string]>([
    ['a quota of requests', refusal(403, 'quotaExceeded', 'Quota exceeded: requests'), 'WarehouseFull'],
    ['no right to look', refusal(403, 'accessDenied', 'Access Denied: Job project:EU.x'), 'PermissionDenied'],
    ['a token that is not taken', refusal(401, 'authError', 'Invalid Credentials'), 'AuthenticationFailed'],
    ['a request that is not known', refusal(400, 'invalid', 'Invalid request'), 'WarehouseError'],
  ])(
    'a refusal to tell how a job ended is no end of the job, which is told to end: %s',
    async (_name, told, reason) => {
      await serve(({ path }) => (path.includes('/queries/') ? told : undefined))
      await using session = await connect()
      const error = await errorOf(session.execute('x'))
      expect(error).toMatchObject({ reason })
      expect(error).not.toBeInstanceOf(StatementFailed)
      expect(cancelled()).toEqual([idOf(server.requests.findLast(isInsert))])
    },
  )

  it.each<[string, ApiAnswer[], boolean]>([
    ['a job that is refused was never made', [], true],
    ['a refusal tells nothing of a request before it that was lost', ['HangUp'], false],
  ])('%s', async (_name, before, isOver) => {
    const no = refusal(403, 'accessDenied', 'Access Denied: Project project: no bigquery.jobs.create')
    await serve((request) => (isInsert(request) && !isProbe(request) ? (before.shift() ?? no) : undefined))
    await using session = await connect()
    const error = await errorOf(session.execute('x'))
    expect(error).toMatchObject({ reason: 'PermissionDenied' })
    expect(error instanceof StatementFailed).toBe(isOver)
    expect(cancelled()).toHaveLength(isOver ? 0 : 1)
  })

  it('keeps the values of calls to itself', async () => {
    const message =
      'Error while reading data, error message: JSON parsing error: Could not convert value to integer. Field: age; Value: canary@example.com'
    await serve((request) => (isInsert(request) && !isProbe(request) ? failed('invalid', message) : undefined))
    await using session = await connect()
    expect((await errorOf(session.execute('x'))).message).toContain('Field: age')
  })

  it('ends a job that still runs when the session is closed', async () => {
    await serve(({ path }) => (path.includes('/queries/') ? 'Silence' : undefined))
    const session = await connect()
    const work = errorOf(session.execute('SELECT slow'))
    await eventually('the job runs', 10, async () => server.requests.some(({ path }) => path.includes('/queries/')))
    await session.close()
    await work
    expect(cancelled()).toEqual([idOf(server.requests.findLast(isInsert))])
  })
})

/** The id of the job that a request asks for. */
function idOf(request: ApiRequest | undefined): string {
  return /"jobId":"([^"]+)"/.exec(request?.body.toString() ?? '')?.[1] ?? ''
}
