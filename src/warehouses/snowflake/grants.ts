import type { SnowflakeSettings } from '../../model/warehouse-block.ts'
import { quote } from '../ansi.ts'
import type { Grants } from '../grants.ts'

/** Names are folded to upper case unless they are quoted, as the driver does with those of the destination. */
const name = (identifier: string): string =>
  /^[A-Za-z_][A-Za-z0-9_$]*$/.test(identifier) ? identifier : quote(identifier)

/** Source: Snowflake, Access control privileges. */
export function snowflakeGrants(
  { warehouse, database, username, role, staging }: SnowflakeSettings,
  schemas: readonly string[],
): Grants {
  /** Files are put into a stage of the bookkeeping schema, which comes first, or into a bucket. */
  const rightsIn = (schema: string) => `USAGE, CREATE TABLE${schema === schemas[0] && !staging ? ', CREATE STAGE' : ''}`
  const files = staging && stageOf(staging, name(database))
  const to = name(role ?? 'ENGAGEOPS')
  const schemaOf = (schema: string) => `${name(database)}.${quote(schema.toUpperCase())}`
  return {
    notes: [
      'Run it as SECURITYADMIN and SYSADMIN, or as ACCOUNTADMIN.',
      "Then give the user its key: ALTER USER ... SET RSA_PUBLIC_KEY = '...', without header and line ends.",
      `The warehouse ${warehouse} should have AUTO_RESUME = TRUE: EngageOps does not start it.`,
      ...(staging
        ? [`The stage must be there: CREATE STAGE ${files?.stage} URL = '${staging.url}' STORAGE_INTEGRATION = ...`]
        : []),
    ],
    statements: [
      `CREATE ROLE IF NOT EXISTS ${to}`,
      `GRANT USAGE ON WAREHOUSE ${name(warehouse)} TO ROLE ${to}`,
      `GRANT USAGE ON DATABASE ${name(database)} TO ROLE ${to}`,
      ...schemas.flatMap((schema) => [
        `CREATE SCHEMA IF NOT EXISTS ${schemaOf(schema)}`,
        `GRANT ${rightsIn(schema)} ON SCHEMA ${schemaOf(schema)} TO ROLE ${to}`,
      ]),
      ...(files
        ? [
            ...(files.database === name(database) ? [] : [`GRANT USAGE ON DATABASE ${files.database} TO ROLE ${to}`]),
            `GRANT USAGE ON SCHEMA ${files.schema} TO ROLE ${to}`,
            `GRANT USAGE ON STAGE ${files.stage} TO ROLE ${to}`,
          ]
        : []),
      `CREATE USER IF NOT EXISTS ${name(username)} TYPE = SERVICE DEFAULT_ROLE = ${to} DEFAULT_WAREHOUSE = ${name(warehouse)}`,
      `GRANT ROLE ${to} TO USER ${name(username)}`,
    ],
    instead: [`GRANT CREATE SCHEMA ON DATABASE ${name(database)} TO ROLE ${to}`],
  }
}

/** The parts of `SCHEMA.STAGE` or `DATABASE.SCHEMA.STAGE`, as in SQL; the first is that of the destination unless given. */
function stageOf({ stage }: { stage: string }, ownDatabase: string) {
  const [name = '', schema = '', database = ownDatabase] = (stage.match(/"[^"]+"|[^.]+/g) ?? []).reverse()
  return { database, schema: `${database}.${schema}`, stage: `${database}.${schema}.${name}` }
}
