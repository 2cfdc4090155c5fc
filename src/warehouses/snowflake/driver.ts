import type { Connection, ConnectionOptions } from 'snowflake-sdk'

/**
 * A connection that is not open yet. The vendor's driver is imported with the first: it takes a second. It is kept from
 * asking the clouds' metadata services where it runs, and from its own log, which would stand in the working directory.
 */
export async function newConnection(options: ConnectionOptions): Promise<Connection> {
  process.env.SNOWFLAKE_DISABLE_PLATFORM_DETECTION ??= 'true'
  process.env.SF_TELEMETRY_DISABLE_CONNECTION_SHAPE ??= 'true'
  const { default: snowflake } = await import('snowflake-sdk')
  snowflake.configure({ logLevel: 'OFF', additionalLogToConsole: false })
  return snowflake.createConnection(options)
}
