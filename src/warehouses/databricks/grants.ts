import type { DestinationSpec } from '../../model/destination.ts'
import type { Grants } from '../grants.ts'

const quote = (identifier: string): string => `\`${identifier.replaceAll('`', '``')}\``

/** The Unity Catalog name of a volume, of its path `/Volumes/catalog/schema/volume`. */
const volumeName = (path: string): string =>
  path
    .replace(/^\/Volumes\//, '')
    .split('/')
    .slice(0, 3)
    .map(quote)
    .join('.')

/** Source: Databricks, Unity Catalog privileges and securable objects. */
export function databricksGrants(
  { catalog, clientId, httpPath, stagingVolume }: NonNullable<DestinationSpec['databricks']>,
  schemas: readonly string[],
): Grants {
  const to = quote(clientId)
  return {
    notes: [
      'Run it as the owner of the catalog or a metastore administrator.',
      `In the workspace the service principal also needs the entitlement "Databricks SQL access", and CAN USE on the SQL warehouse ${httpPath}.`,
    ],
    statements: [
      `GRANT USE CATALOG ON CATALOG ${quote(catalog)} TO ${to}`,
      ...schemas.flatMap((schema) => [
        `CREATE SCHEMA IF NOT EXISTS ${quote(catalog)}.${quote(schema)}`,
        `GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY ON SCHEMA ${quote(catalog)}.${quote(schema)} TO ${to}`,
      ]),
      ...(stagingVolume ? [`GRANT READ VOLUME, WRITE VOLUME ON VOLUME ${volumeName(stagingVolume)} TO ${to}`] : []),
    ],
    instead: [`GRANT CREATE SCHEMA ON CATALOG ${quote(catalog)} TO ${to}`],
  }
}
