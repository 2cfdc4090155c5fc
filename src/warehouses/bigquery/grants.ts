import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import { text } from '../ansi.ts'
import type { Grants } from '../grants.ts'

const quote = (identifier: string): string => `\`${identifier.replaceAll('`', '\\`')}\``

/** Whom the rights are for: the destination names it only in its Secret, or not at all. */
const SERVICE_ACCOUNT = 'serviceAccount:NAME@PROJECT.iam.gserviceaccount.com'

/** Source: BigQuery, IAM roles and permissions; GRANT of GoogleSQL. */
export function bigqueryGrants({ projectId, location }: BigQuerySettings, schemas: readonly string[]): Grants {
  const datasetOf = (schema: string) => `${quote(projectId)}.${quote(schema)}`
  return {
    notes: [
      `Put the service account in, in place of ${SERVICE_ACCOUNT}. It also runs jobs, which SQL cannot grant:`,
      `  gcloud projects add-iam-policy-binding ${projectId} --member=${SERVICE_ACCOUNT} --role=roles/bigquery.jobUser`,
      'The views of a region, which tables are read from, ask for a right on the project as well:',
      `  gcloud projects add-iam-policy-binding ${projectId} --member=${SERVICE_ACCOUNT} --role=roles/bigquery.metadataViewer`,
      'The project needs billing: without it tables expire after 60 days, and rows cannot be merged.',
    ],
    statements: schemas.flatMap((schema) => [
      `CREATE SCHEMA IF NOT EXISTS ${datasetOf(schema)} OPTIONS (location = ${text(location)})`,
      `GRANT \`roles/bigquery.dataEditor\` ON SCHEMA ${datasetOf(schema)} TO "${SERVICE_ACCOUNT}"`,
    ]),
    instead: [`GRANT \`roles/bigquery.dataEditor\` ON PROJECT ${quote(projectId)} TO "${SERVICE_ACCOUNT}"`],
  }
}
