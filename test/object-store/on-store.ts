import { spawn } from 'node:child_process'
import { randomBytes, randomUUID } from 'node:crypto'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { S3 } from '@aws-sdk/client-s3'
import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { goTool, hasGo } from '../../scripts/go-tool.ts'
import { EngageError } from '../../src/model/errors.ts'
import type { ObjectStoreSpec } from '../../src/sources/object-store.ts'
import type { SourceEnvironment } from '../../src/sources/port.ts'
import { eventually } from '../kubernetes/eventually.ts'
import { S3Proxy } from './proxy.ts'

const BUILD_MS = 600_000
const SECRET = 'store'

/** A bucket of one test, behind a proxy. */
export interface TestStore {
  bucket: string
  proxy: S3Proxy
  /** A source's spec for a prefix of the bucket, without slash at its start. */
  spec(prefix?: string): ObjectStoreSpec
  environment: SourceEnvironment
  put(key: string, body: string | Buffer): Promise<void>
  remove(key: string): Promise<void>
  /** Puts objects of one byte below the server, without it: fast, and they have no ETag. */
  fill(keys: readonly string[]): Promise<void>
}

/** Tests against a real S3 server. Where it cannot be built they are skipped, and say why; with ENGAGEOPS_CI_REQUIRE_ALL they fail. */
export function describeOnStore(name: string, body: (store: () => TestStore) => void): void {
  const isSkipped = !hasGo() && process.env.ENGAGEOPS_CI_REQUIRE_ALL === undefined
  const title = isSkipped ? `${name} (skipped: Go, which builds the S3 server, is not installed)` : name
  describe.skipIf(isSkipped)(title, () => {
    let server: Awaited<ReturnType<typeof startServer>>
    let proxy: S3Proxy
    let store: TestStore

    beforeAll(async () => {
      server = await startServer()
    }, BUILD_MS)
    afterAll(() => server?.stop())

    beforeEach(async () => {
      proxy = await S3Proxy.start(server.port)
      const bucket = `test-${randomUUID()}`
      await server.s3.createBucket({ Bucket: bucket })
      store = {
        bucket,
        proxy,
        spec: (prefix = '') => ({
          url: `s3://${bucket}/${prefix}`,
          endpoint: proxy.url,
          credentialsSecretRef: { name: SECRET },
        }),
        environment: environmentOf(server.secret),
        async put(key, content) {
          await server.s3.putObject({ Bucket: bucket, Key: key, Body: content })
        },
        async remove(key) {
          await server.s3.deleteObject({ Bucket: bucket, Key: key })
        },
        async fill(keys) {
          for (const key of keys) {
            const file = path.join(server.data, bucket, key)
            await mkdir(path.dirname(file), { recursive: true })
            await writeFile(file, 'x')
          }
        },
      }
    })
    afterEach(() => proxy.stop())

    body(() => store)
  })
}

/** An environment whose only Secret has these keys. */
export function environmentOf(secret: Record<string, string>): SourceEnvironment {
  return {
    secret: async ({ name, key }) => {
      const value = name === SECRET ? secret[key] : undefined
      if (value === undefined) throw new EngageError('SecretNotFound', 'Wait', `Secret ${name} has no key ${key}`)
      return value
    },
  }
}

/** An S3 server on a folder; `secret` is of its only user. */
export async function startServer() {
  const binary = await goTool('versitygw')
  const root = await mkdtemp(path.join(tmpdir(), 'engageops-s3-'))
  const data = path.join(root, 'data')
  const sidecar = path.join(root, 'sidecar')
  for (const folder of [data, sidecar]) await mkdir(folder)
  const secret = { accessKeyId: 'test', secretAccessKey: randomBytes(20).toString('hex') }
  const port = await freePort()
  const args = ['--port', `127.0.0.1:${port}`, '--access', secret.accessKeyId, '--secret', secret.secretAccessKey]
  const child = spawn(binary, [...args, '--quiet', 'posix', '--sidecar', sidecar, data], {
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  let said = ''
  child.stderr.on('data', (piece: Buffer) => {
    said += piece.toString()
  })
  const s3 = new S3({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: secret,
  })
  const isAlive = () => {
    if (child.exitCode !== null) throw new Error(`the S3 server ended with ${child.exitCode}: ${said}`)
  }
  await eventually('the S3 server answers', 20, () => s3.listBuckets(), isAlive)
  return {
    port,
    data,
    secret,
    s3,
    async stop() {
      s3.destroy()
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.kill()) await ended
      await rm(root, { recursive: true, force: true })
    },
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.on('error', reject).listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
}
