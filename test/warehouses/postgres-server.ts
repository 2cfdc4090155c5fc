import { randomUUID } from 'node:crypto'
import { Client } from 'pg'
import { inject } from 'vitest'

/** Where the test server is, and its superuser. */
export interface PostgresServer {
  host: string
  port: number
  user: string
  password: string
  /** Certificate of the authority, in PEM. The server's own is for `localhost`. */
  ca: string
}

declare module 'vitest' {
  interface ProvidedContext {
    postgresStarter: string
  }
}

/** The Postgres of this test run: started when it is asked for first, stopped after the last test file. */
export async function startPostgres(): Promise<
  PostgresServer & {
    /** Makes an empty database, with options of CREATE DATABASE, and returns its name. */
    createDatabase(options?: string): Promise<string>
    /** Runs a statement as superuser. */
    run(database: string, sql: string): Promise<void>
    /** Drops the databases that were made through this. */
    stop(): Promise<void>
  }
> {
  const response = await fetch(inject('postgresStarter'))
  if (!response.ok) throw new Error(`Postgres did not start: ${await response.text()}`)
  const server = (await response.json()) as PostgresServer
  const databases: string[] = []
  const { ca: _ca, ...login } = server
  const run = async (database: string, sql: string) => {
    const client = new Client({ ...login, database })
    await client.connect()
    try {
      await client.query(sql)
    } finally {
      await client.end()
    }
  }
  return {
    ...server,
    run,
    async createDatabase(options = '') {
      const name = `test_${randomUUID().replaceAll('-', '')}`
      await run('postgres', `CREATE DATABASE ${name} ${options}`)
      databases.push(name)
      return name
    },
    async stop() {
      for (const name of databases.splice(0)) await run('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`)
    },
  }
}
