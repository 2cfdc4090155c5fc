import type { DatabricksSettings } from '../../model/warehouse-block.ts'
import type { Grants } from '../grants.ts'
import { quote, volumeOf } from './sql.ts'

/** Source: Databricks, Unity Catalog privileges and securable objects. */
export function databricksGrants(
  { catalog, clientId, httpPath, stagingVolume }: DatabricksSettings,
  schemas: readonly string[],
): Grants {
  const to = quote(clientId)
  const own = { catalog: quote(catalog), schemas: schemas.map((schema) => `${quote(catalog)}.${quote(schema)}`) }
  return {
    notes: [
      'Run it as the owner of the catalog or a metastore administrator.',
      `In the workspace the service principal also needs the entitlement "Databricks SQL access", and CAN USE on the SQL warehouse ${httpPath}.`,
      ...(stagingVolume ? ['To choose where the files are, make the volume before: CREATE EXTERNAL VOLUME ...'] : []),
    ],
    statements: [
      `GRANT USE CATALOG ON CATALOG ${own.catalog} TO ${to}`,
      ...own.schemas.flatMap((schema) => [
        `CREATE SCHEMA IF NOT EXISTS ${schema}`,
        `GRANT USE SCHEMA, CREATE TABLE, SELECT, MODIFY ON SCHEMA ${schema} TO ${to}`,
      ]),
      ...(stagingVolume ? volumeStatements(stagingVolume, own, to) : []),
    ],
    instead: [`GRANT CREATE SCHEMA ON CATALOG ${own.catalog} TO ${to}`],
  }
}

/** The volume, with what it takes to get to it where it lies elsewhere. Names are the same in upper and lower case. */
function volumeStatements(path: string, own: { catalog: string; schemas: readonly string[] }, to: string): string[] {
  const { catalog, schema, volume } = volumeOf(path)
  const isOwn = (name: string, names: readonly string[]) =>
    names.some((other) => other.toLowerCase() === name.toLowerCase())
  return [
    ...(isOwn(catalog, [own.catalog]) ? [] : [`GRANT USE CATALOG ON CATALOG ${catalog} TO ${to}`]),
    ...(isOwn(schema, own.schemas) ? [] : [`GRANT USE SCHEMA ON SCHEMA ${schema} TO ${to}`]),
    `CREATE VOLUME IF NOT EXISTS ${volume}`,
    `GRANT READ VOLUME, WRITE VOLUME ON VOLUME ${volume} TO ${to}`,
  ]
}
