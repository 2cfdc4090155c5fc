import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'
import type { S3 } from '@aws-sdk/client-s3'
import { startPostgres } from './postgres-server.ts'
import { refusedOf } from './redshift-refuses.ts'

/**
 * A stand-in for Redshift: the test run's Postgres, with texts in the order of their bytes and backslashes that escape,
 * behind a proxy. It refuses what Redshift refuses, takes the layout of tables out of statements, and runs COPY from S3 by
 * reading the files itself.
 */
export async function startRedshift(s3?: S3) {
  const postgres = await startPostgres()
  const copies: string[] = []
  const proxy = createServer((client) => {
    new Relay(client, connect(postgres.port, postgres.host), (sql) => {
      if (sql.startsWith('COPY ')) copies.push(sql)
      return translate(sql, s3)
    })
  })
  proxy.listen(0, '127.0.0.1')
  await once(proxy, 'listening')
  return {
    host: '127.0.0.1',
    port: (proxy.address() as AddressInfo).port,
    user: postgres.user,
    password: postgres.password,
    ca: postgres.ca,
    run: postgres.run,
    /** Where Postgres itself is, with TLS. */
    postgres: { host: postgres.host, port: postgres.port },
    /** The COPY statements that came. */
    copies,
    async createDatabase() {
      const name = await postgres.createDatabase("TEMPLATE template0 LOCALE_PROVIDER libc LOCALE 'C'")
      await postgres.run('postgres', `ALTER DATABASE ${name} SET standard_conforming_strings = off`)
      await postgres.run('postgres', `ALTER DATABASE ${name} SET escape_string_warning = off`)
      return name
    },
    async stop() {
      proxy.close()
      await postgres.stop()
    },
  }
}

const QUERY = 'Q'.charCodeAt(0)

/** One connection. Queries of the simple protocol are translated, everything else is passed on as it is. */
class Relay {
  readonly #client: Socket
  readonly #server: Socket
  readonly #translate: (sql: string) => Promise<string>
  #waiting: Buffer = Buffer.alloc(0)
  /** The first message has no type. */
  #started = false
  #work = Promise.resolve()

  constructor(client: Socket, server: Socket, translated: (sql: string) => Promise<string>) {
    this.#client = client
    this.#server = server
    this.#translate = translated
    client.on('data', (chunk) => {
      this.#work = this.#work.then(() => this.#take(chunk))
    })
    server.pipe(client)
    client.on('close', () => server.destroy()).on('error', () => server.destroy())
    server.on('close', () => client.destroy()).on('error', () => client.destroy())
  }

  async #take(chunk: Buffer): Promise<void> {
    this.#waiting = Buffer.concat([this.#waiting, chunk])
    for (;;) {
      const offset = this.#started ? 1 : 0
      if (this.#waiting.length < offset + 4) return
      const length = offset + this.#waiting.readUInt32BE(offset)
      if (this.#waiting.length < length) return
      const message = this.#waiting.subarray(0, length)
      this.#waiting = this.#waiting.subarray(length)
      if (this.#started && message[0] === QUERY) await this.#query(message.toString('utf8', offset + 4, length - 1))
      else this.#server.write(message)
      this.#started = true
    }
  }

  async #query(sql: string): Promise<void> {
    try {
      this.#server.write(messageOf('Q', await this.#translate(sql)))
    } catch (error) {
      const fields = ['SERROR', 'CXX000', `M${error instanceof Error ? error.message : error}`, '']
      this.#client.write(Buffer.concat([messageOf('E', fields.join('\0')), messageOf('Z', 'I').subarray(0, -1)]))
    }
  }
}

/** A message of the protocol, with a zero at its end. */
function messageOf(type: string, text: string): Buffer {
  const content = Buffer.from(`${type}    ${text}\0`)
  content.writeUInt32BE(content.length - 1, 1)
  return content
}

const LAYOUT = /^(CREATE (?:TEMP )?TABLE [\s\S]*?\))(?: DISTKEY \("\w+"\))?(?: SORTKEY \("\w+"\))?$/
const COPY =
  /^COPY ("\w+") FROM 's3:\/\/([^/']+)\/([^']+)' IAM_ROLE '([^']+)' FORMAT AS JSON 'auto' MANIFEST GZIP COMPUPDATE OFF$/

async function translate(sql: string, s3: S3 | undefined): Promise<string> {
  if (sql === 'SELECT version() AS version')
    return "SELECT 'PostgreSQL 8.0.2 on a test server, Redshift 1.0.12345' AS version"
  const copy = COPY.exec(sql)
  if (sql.startsWith('COPY ') && !copy) throw new Error('a COPY that the stand-in for Redshift does not know')
  const refused = refusedOf(sql)
  if (refused !== undefined) throw new Error(`Redshift has no ${refused}: ${sql.slice(0, 500)}`)
  if (!copy) return sql.replace(LAYOUT, '$1')
  const [, table = '', bucket = '', key = '', role = ''] = copy
  if (!s3) throw new Error('S3ServiceException:The specified bucket does not exist,Status 404,Error NoSuchBucket')
  if (!role.startsWith('arn:aws:iam::')) throw new Error(`User arn is not authorized to assume IAM Role ${role}`)
  return insertOf(table, await rowsOf(s3, bucket, key))
}

/** The rows of a manifest's files, as JSON. */
async function rowsOf(s3: S3, bucket: string, key: string): Promise<string[]> {
  const read = async (name: string) => {
    const { Body } = await s3.getObject({ Bucket: bucket, Key: name })
    return Buffer.from((await Body?.transformToByteArray()) ?? [])
  }
  const manifest: { entries: { url: string; mandatory: true }[] } = JSON.parse((await read(key)).toString())
  const lines: string[] = []
  for (const { url } of manifest.entries) {
    const file = gunzipSync(await read(url.replace(`s3://${bucket}/`, '')))
    lines.push(...file.toString().split('\n').slice(0, -1))
  }
  return lines
}

function insertOf(table: string, rows: readonly string[]): string {
  const quote = `$q${randomUUID().replaceAll('-', '')}$`
  return `INSERT INTO ${table} SELECT r.* FROM json_array_elements(${quote}[${rows.join(',')}]${quote}) AS j, json_populate_record(NULL::${table}, j) AS r`
}
