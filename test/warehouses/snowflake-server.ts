import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomBytes, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe } from 'vitest'
import type { SecretKeyReference } from '../../src/model/resource.ts'
import type { SnowflakeSettings } from '../../src/model/warehouse-block.ts'
import { hasPython, pythonVenv } from '../tools/python-venv.ts'

const FOLDER = path.join(import.meta.dirname, 'snowflake')

const INSTALL_MS = 600_000

/** A Snowflake account of one test file. */
export interface SnowflakeServer {
  /** Makes an empty database, and returns the block of a destination on it. */
  createDatabase(): Promise<SnowflakeSettings>
  /** The secrets that the block refers to: `key` is the private key, `token` an OAuth token. */
  secret(reference: SecretKeyReference): Promise<string>
  stop(): Promise<void>
}

/**
 * Tests on an account of their own. Where Python cannot run it they are skipped, and say why; with
 * ENGAGEOPS_CI_REQUIRE_ALL they fail.
 */
export function describeOnSnowflake(name: string, body: (server: () => SnowflakeServer) => void): void {
  const isSkipped = !hasPython() && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  const title = isSkipped ? `${name} (skipped: python3, which runs the test server, is not installed with venv)` : name
  describe.skipIf(isSkipped)(title, () => {
    let server: SnowflakeServer
    beforeAll(async () => {
      server = await startSnowflake()
    }, INSTALL_MS)
    afterAll(() => server?.stop())
    body(() => server)
  })
}

/**
 * Starts an account: see snowflake/server.py. The Python packages are installed first, where they are not yet. `buckets` is
 * a folder with the buckets that external stages may name.
 */
export async function startSnowflake(buckets = ''): Promise<SnowflakeServer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const secrets = new Map([
    ['key', privateKey],
    ['token', randomBytes(24).toString('base64url')],
  ])
  const server = spawn(await pythonVenv(FOLDER), ['-B', 'server.py'], {
    cwd: FOLDER,
    env: {
      ...process.env,
      SNOWFLAKE_PUBLIC_KEY: publicKey,
      SNOWFLAKE_OAUTH_TOKEN: secrets.get('token'),
      SNOWFLAKE_BUCKETS: buckets,
    },
    stdio: ['pipe', 'pipe', process.env.SNOWFLAKE_SERVER_LOG === undefined ? 'ignore' : 'inherit'],
  })
  const exited = once(server, 'exit')
  const [port] = await Promise.race([once(createInterface(server.stdout), 'line'), exited])
  if (server.exitCode !== null) throw new Error(`test/warehouses/snowflake/server.py ended with ${server.exitCode}`)
  const endpoint = `http://127.0.0.1:${port}`
  return {
    async createDatabase() {
      const database = `test_${randomUUID().replaceAll('-', '')}`
      const response = await fetch(`${endpoint}/test/databases/${database}`, { method: 'POST' })
      if (!response.ok) throw new Error(`no database: ${await response.text()}`)
      const privateKeySecretRef = { name: 'warehouse', key: 'key' }
      return { account: 'test', endpoint, warehouse: 'loading', database, username: 'engageops', privateKeySecretRef }
    },
    async secret({ key }) {
      return secrets.get(key) ?? ''
    },
    async stop() {
      server.stdin.end()
      await exited
    },
  }
}
