import type { PostgresSettings } from '../../model/warehouse-block.ts'
import { quote } from '../ansi.ts'
import type { Grants } from '../grants.ts'

/** TEMPORARY is for the stages, which are temporary tables. */
export function postgresGrants(
  { database, username }: Pick<PostgresSettings, 'database' | 'username'>,
  schemas: readonly string[],
): Grants {
  const [db, user] = [quote(database), quote(username)]
  return {
    notes: [
      `Run it in the database ${database}, as its owner or a superuser, then set the password with: \\password ${username}`,
    ],
    statements: [
      `CREATE ROLE ${user} LOGIN`,
      `GRANT CONNECT, TEMPORARY ON DATABASE ${db} TO ${user}`,
      ...schemas.flatMap((schema) => [
        `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
        `GRANT USAGE, CREATE ON SCHEMA ${quote(schema)} TO ${user}`,
      ]),
    ],
    instead: [`GRANT CREATE ON DATABASE ${db} TO ${user}`],
  }
}
