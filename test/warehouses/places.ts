import { hasPython } from '../tools/python-venv.ts'
import { startBigQuery } from './bigquery-server.ts'
import { startPostgres } from './postgres-server.ts'
import { startRedshift } from './redshift-on-postgres.ts'
import { startSnowflake } from './snowflake-server.ts'

/** An empty warehouse for a test: the block that a WarehouseDestination names it by, and what its Secrets hold. */
export interface Place {
  block: object
  /** Environment variables that the local mode reads secrets from. */
  environment: Record<string, string>
  /** The server, where there is one: its port on this machine, and the block that reaches it through another. */
  server?: { port: number; through(port: number): object }
  stop(): Promise<void>
}

/** A warehouse that has a server for tests. */
export interface PlaceKind {
  /** As its block is called. */
  kind: string
  /** What the machine lacks for it: such tests are skipped, and say so; with ENGAGEOPS_CI_REQUIRE_ALL they fail. */
  lacks?: string
  start(): Promise<Place>
}

const python = hasPython() || process.env.ENGAGEOPS_CI_REQUIRE_ALL !== undefined ? {} : { lacks: 'python3 with venv' }

export const DUCKDB: PlaceKind = {
  kind: 'duckdb',
  start: async () => ({
    block: { duckdb: { path: 'warehouse.duckdb' } },
    environment: {},
    stop: async () => undefined,
  }),
}

/** Every warehouse that is reached over a network. */
export const SERVERS: readonly PlaceKind[] = [
  { kind: 'postgres', start: async () => ofPostgres('postgres', await startPostgres()) },
  { kind: 'redshift', start: async () => ofPostgres('redshift', await startRedshift()) },
  { kind: 'snowflake', start: ofSnowflake, ...python },
  { kind: 'bigquery', start: ofBigQuery, ...python },
]

type PostgresLike = Pick<
  Awaited<ReturnType<typeof startPostgres>>,
  'host' | 'port' | 'user' | 'password' | 'createDatabase' | 'stop'
>

async function ofPostgres(kind: string, server: PostgresLike): Promise<Place> {
  const database = await server.createDatabase()
  const through = (port: number) => ({
    [kind]: {
      host: server.host,
      port,
      database,
      username: server.user,
      passwordSecretRef: { name: 'warehouse', key: 'password' },
      sslMode: 'Disable',
    },
  })
  return {
    block: through(server.port),
    server: { port: server.port, through },
    environment: { ENGAGEOPS_SECRET_WAREHOUSE_PASSWORD: server.password },
    stop: () => server.stop(),
  }
}

async function ofSnowflake(): Promise<Place> {
  const server = await startSnowflake()
  const settings = await server.createDatabase()
  const url = new URL(settings.endpoint ?? '')
  return {
    block: { snowflake: settings },
    server: {
      port: Number(url.port),
      through: (port) => ({ snowflake: { ...settings, endpoint: `http://127.0.0.1:${port}` } }),
    },
    environment: { ENGAGEOPS_SECRET_WAREHOUSE_KEY: await server.secret({ name: 'warehouse', key: 'key' }) },
    stop: () => server.stop(),
  }
}

async function ofBigQuery(): Promise<Place> {
  const server = await startBigQuery()
  const settings = server.newProject()
  return {
    block: { bigquery: settings },
    server: {
      port: Number(new URL(server.url).port),
      through: (port) => ({ bigquery: { ...settings, endpoint: `http://127.0.0.1:${port}` } }),
    },
    environment: { ENGAGEOPS_SECRET_WAREHOUSE_KEY_JSON: server.key },
    stop: () => server.stop(),
  }
}
