import type { RedshiftSettings } from '../../model/warehouse-block.ts'
import { quote, text } from '../ansi.ts'
import type { Grants } from '../grants.ts'

/** TEMPORARY is for the stages, ASSUMEROLE for COPY. Source: Amazon Redshift, GRANT. */
export function redshiftGrants({ database, username, staging }: RedshiftSettings, schemas: readonly string[]): Grants {
  const [db, user] = [quote(database), quote(username)]
  return {
    notes: [
      `Run it in the database ${database}, as a superuser, then set the password with: ALTER USER ${user} PASSWORD '...'`,
      ...(staging
        ? [`The role ${staging.iamRole} must be attached to the cluster and may read ${staging.s3Url}.`]
        : ['Without spec.redshift.staging rows are inserted, which is slow: COPY from S3 is the fast way.']),
    ],
    statements: [
      `CREATE USER ${user} PASSWORD DISABLE`,
      `GRANT TEMPORARY ON DATABASE ${db} TO ${user}`,
      ...schemas.flatMap((schema) => [
        `CREATE SCHEMA IF NOT EXISTS ${quote(schema)}`,
        `GRANT USAGE, CREATE ON SCHEMA ${quote(schema)} TO ${user}`,
      ]),
      ...(staging ? [`GRANT ASSUMEROLE ON ${text(staging.iamRole)} TO ${user} FOR COPY`] : []),
    ],
    instead: [`GRANT CREATE ON DATABASE ${db} TO ${user}`],
  }
}
