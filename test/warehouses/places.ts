import { startPostgres } from './postgres-server.ts'

/** An empty warehouse for a test: the block that a WarehouseDestination names it by, and what its Secrets hold. */
export interface Place {
  block: object
  /** Environment variables that the local mode reads secrets from. */
  environment: Record<string, string>
  /** The server, where there is one: its port on this machine, and the block that reaches it through another. */
  server?: { port: number; through(port: number): object }
  stop(): Promise<void>
}

/** Every warehouse that has a server for tests, by the name of its block. */
export const PLACES: Readonly<Record<string, () => Promise<Place>>> = {
  duckdb: async () => ({
    block: { duckdb: { path: 'warehouse.duckdb' } },
    environment: {},
    stop: async () => undefined,
  }),
  postgres: async () => {
    const server = await startPostgres()
    const database = await server.createDatabase()
    const through = (port: number) => ({
      postgres: {
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
  },
}
