import { spawn } from 'node:child_process'
import { generateKeyPairSync, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe } from 'vitest'
import type { BigQuerySettings } from '../../src/model/warehouse-block.ts'
import { hasPython, pythonVenv } from '../tools/python-venv.ts'

const FOLDER = path.join(import.meta.dirname, 'bigquery')
const INSTALL_MS = 600_000
const START_MS = 60_000

export interface BigQueryServer {
  /** Settings of a project of its own, which is empty. */
  newProject(): BigQuerySettings
  /** The JSON of the service account's key: what serviceAccountSecretRef names. */
  key: string
  url: string
  stop(): Promise<void>
}

/** Tests against a BigQuery emulator. Where it cannot be installed they are skipped, and say why; with ENGAGEOPS_CI_REQUIRE_ALL they fail. */
export function describeOnBigQuery(name: string, body: (server: () => BigQueryServer) => void): void {
  const isSkipped = !hasPython() && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  const title = isSkipped
    ? `${name} (skipped: python3 with venv, which runs the BigQuery emulator, is not installed)`
    : name
  describe.skipIf(isSkipped)(title, () => {
    let server: BigQueryServer
    beforeAll(async () => {
      server = await startBigQuery()
    }, INSTALL_MS)
    afterAll(() => server?.stop())
    body(() => server)
  })
}

/** Starts the emulator on a free port. */
export async function startBigQuery(): Promise<BigQueryServer> {
  const python = await pythonVenv(FOLDER)
  const directory = await mkdtemp(path.join(tmpdir(), 'engageops-bigquery-'))
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  })
  const keyFile = path.join(directory, 'public.pem')
  await writeFile(keyFile, publicKey)
  const child = spawn(python, [path.join(FOLDER, 'server.py'), keyFile], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
  })
  let log = ''
  child.stderr.on('data', (bytes: Buffer) => {
    log = (log + bytes).slice(-10_000)
  })
  const ended = once(child, 'exit')
  const lines = createInterface(child.stdout)
  const [line] = await Promise.race([
    once(lines, 'line', { signal: AbortSignal.timeout(START_MS) }),
    ended.then(() => Promise.reject(new Error(`the BigQuery emulator ended: ${log}`))),
  ])
  const url = `http://127.0.0.1:${line}`
  return {
    url,
    key: JSON.stringify({
      type: 'service_account',
      client_email: 'engageops@test.iam.gserviceaccount.com',
      private_key: privateKey,
      token_uri: `${url}/token`,
    }),
    newProject: () => ({
      projectId: `test-${randomUUID().slice(0, 8)}`,
      location: 'EU',
      serviceAccountSecretRef: { name: 'warehouse', key: 'key.json' },
      endpoint: url,
    }),
    async stop() {
      child.kill()
      await ended
      await rm(directory, { recursive: true })
    },
  }
}
