import { z } from 'zod'
import { storeAccess, storeUrl } from './object-store.ts'
import { secretKeyReference } from './resource.ts'
import { exactlyOne, fieldsRule, ruled } from './rules.ts'

const host = z.string().min(1).max(253).describe('Host name or address of the server.')
const port = (standard: number) => z.int().min(1).max(65535).default(standard).describe('TCP port.')
const database = z.string().min(1).max(255).describe('Name of the database. Immutable.')
const username = z.string().min(1).max(255).describe('User that EngageOps connects as.')
const passwordSecretRef = secretKeyReference.describe('Where the password stands.')
const sslMode = z
  .enum(['VerifyFull', 'VerifyCa', 'Require', 'Disable'])
  .default('VerifyFull')
  .describe('How the server is verified: VerifyFull checks certificate and host name.')
const caSecretRef = secretKeyReference.describe('Where the PEM certificate of the authority stands.')

const startsWith = (value: unknown, start: string) => typeof value === 'string' && value.startsWith(start)

const snowflakeStaging = ruled(
  z.strictObject({
    stage: z
      .string()
      .max(768)
      .regex(
        /^(([A-Za-z_][A-Za-z0-9_$]*|"[^"]+")\.){1,2}([A-Za-z_][A-Za-z0-9_$]*|"[^"]+")$/,
        'is no name of a stage: write SCHEMA.STAGE or DATABASE.SCHEMA.STAGE, as in SQL',
      )
      .describe(
        'External stage that COPY loads from, made by an administrator: SCHEMA.STAGE or DATABASE.SCHEMA.STAGE.',
      ),
    url: z
      .string()
      .max(1024)
      .regex(
        /^(s3|s3compat|gcs):\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9](\/.*)?$/,
        'is no place that files can be put in: write s3://BUCKET/PREFIX, gcs://BUCKET/PREFIX or s3compat://BUCKET/PREFIX',
      )
      .describe('URL of that stage, where EngageOps puts the files.'),
    ...storeAccess,
  }),
  fieldsRule({
    message: 'needs HMAC keys for a bucket of Google: write credentialsSecretRef',
    cel: "!self.url.startsWith('gcs:') || has(self.credentialsSecretRef)",
    holds: ({ url, credentialsSecretRef }) => !startsWith(url, 'gcs:') || credentialsSecretRef !== undefined,
  }),
  fieldsRule({
    message: 'needs the address of an S3-compatible store: write endpoint',
    cel: "!self.url.startsWith('s3compat:') || has(self.endpoint)",
    holds: ({ url, endpoint }) => !startsWith(url, 's3compat:') || endpoint !== undefined,
  }),
)

const snowflakeFields = z.strictObject({
  account: z
    .string()
    .max(255)
    .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'is no account identifier: write ORGANIZATION-ACCOUNT, or ACCOUNT.REGION')
    .describe('Account identifier: organization-account, or account.region. Immutable.'),
  endpoint: z
    .string()
    .max(1024)
    .regex(
      /^(https:\/\/[A-Za-z0-9.-]+(:[0-9]+)?|http:\/\/(localhost|127\.0\.0\.1)(:[0-9]+)?)$/,
      'is no address of Snowflake: write https://HOST, without path; plain http only for this machine',
    )
    .optional()
    .describe(
      'Where the account is reached, for private connectivity. Default: https://<account>.snowflakecomputing.com.',
    ),
  warehouse: z.string().min(1).max(255).describe('Virtual warehouse that runs the statements.'),
  database,
  username,
  role: z.string().min(1).max(255).optional().describe("Role to use instead of the user's default role."),
  privateKeySecretRef: secretKeyReference.optional().describe('Where the PKCS#8 private key (PEM) stands.'),
  privateKeyPassphraseSecretRef: secretKeyReference
    .optional()
    .describe("Where the key's passphrase stands, when it is encrypted."),
  oauthTokenSecretRef: secretKeyReference
    .optional()
    .describe('Where the OAuth access token stands; something else must renew it.'),
  staging: snowflakeStaging
    .optional()
    .describe('A bucket of your own that COPY loads from; without it files are put into a stage inside Snowflake.'),
})

const snowflake = ruled(
  snowflakeFields,
  exactlyOne(
    ['privateKeySecretRef', 'oauthTokenSecretRef'],
    'must have exactly one way to log in: write privateKeySecretRef or oauthTokenSecretRef',
  ),
)

const databricks = z.strictObject({
  host,
  httpPath: z.string().min(1).max(1024).describe('HTTP path of the SQL warehouse.'),
  port: port(443),
  catalog: z.string().min(1).max(255).describe('Unity Catalog that holds the schemas. Immutable.'),
  clientId: z.string().min(1).max(255).describe('Client id of the service principal.'),
  clientSecretSecretRef: secretKeyReference.describe('Where the OAuth secret of the service principal stands.'),
  caSecretRef: caSecretRef.optional(),
  stagingVolume: z
    .string()
    .max(1024)
    .regex(
      /^\/Volumes(\/[^/'\\]+){3,}$/,
      'is not the path of a volume: write one such as /Volumes/main/engageops/staging',
    )
    .optional()
    .describe('Path of the volume that files are staged in; without it rows are inserted.'),
})

const bigquery = z.strictObject({
  projectId: z.string().min(6).max(63).describe('Google Cloud project. Immutable.'),
  location: z.string().min(1).max(63).describe('Region or multi-region of the datasets. Immutable.'),
  serviceAccountSecretRef: secretKeyReference
    .optional()
    .describe('Where the service account JSON stands; without it workload identity is used.'),
  endpoint: z
    .string()
    .max(255)
    .regex(
      /^(https:\/\/[A-Za-z0-9.-]+|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
      'is no address of an API: write https://HOST, without a path',
    )
    .optional()
    .describe("Where BigQuery's API is reached, such as a Private Service Connect endpoint. Default: Google's own."),
  views: z
    .strictObject({
      lastDays: z
        .int()
        .min(1)
        .max(36_500)
        .default(60)
        .describe('Views of calls show those that were received in so many days: each query of a view reads them all.'),
    })
    .optional()
    .describe("Segment's view `<table>_view` beside each table, with one row for each id. Without it none is made."),
})

const redshift = z.strictObject({
  host,
  port: port(5439),
  database,
  username,
  passwordSecretRef,
  sslMode,
  caSecretRef: caSecretRef.optional(),
  staging: z
    .strictObject({
      s3Url: storeUrl.describe('Prefix (s3://bucket/prefix) that files are staged under.'),
      iamRole: z
        .string()
        .max(2048)
        .regex(/^arn:aws[a-z-]*:iam::\d{12}:role\/.+$/, 'is no role: write arn:aws:iam::ACCOUNT:role/NAME')
        .describe('ARN of the role that COPY assumes.'),
    })
    .optional()
    .describe('Where COPY loads from; without it rows are inserted.'),
})

const postgres = z.strictObject({
  host,
  port: port(5432),
  database,
  username,
  passwordSecretRef,
  sslMode,
  caSecretRef: caSecretRef.optional(),
})

const duckdb = z.strictObject({
  path: z
    .string()
    .min(1)
    .max(4096)
    .describe('Path of the database file, relative to the folder of the manifest. Local mode only. Immutable.'),
})

/** The fields of a WarehouseDestination that name its warehouse, of which it has exactly one. */
export const warehouseBlocks = {
  snowflake: snowflake.optional().describe('A Snowflake database.'),
  databricks: databricks.optional().describe('A Databricks SQL warehouse.'),
  bigquery: bigquery.optional().describe('A BigQuery project.'),
  redshift: redshift.optional().describe('An Amazon Redshift database.'),
  postgres: postgres.optional().describe('A PostgreSQL database.'),
  duckdb: duckdb.optional().describe('A DuckDB file, for the local mode.'),
}

type WarehouseBlocks = z.infer<z.ZodObject<typeof warehouseBlocks>>

/** The warehouses that a WarehouseDestination can name, each by its block. */
export const WAREHOUSE_KINDS = ['snowflake', 'databricks', 'bigquery', 'redshift', 'postgres', 'duckdb'] as const
export type WarehouseKind = (typeof WAREHOUSE_KINDS)[number]

/** The one warehouse block of a destination: its kind and its settings. */
export type WarehouseBlock = {
  [K in WarehouseKind]: { kind: K; settings: NonNullable<WarehouseBlocks[K]> }
}[WarehouseKind]
export type SnowflakeSettings = NonNullable<WarehouseBlocks['snowflake']>
export type DatabricksSettings = NonNullable<WarehouseBlocks['databricks']>
export type PostgresSettings = NonNullable<WarehouseBlocks['postgres']>
export type BigQuerySettings = NonNullable<WarehouseBlocks['bigquery']>
export type RedshiftSettings = NonNullable<WarehouseBlocks['redshift']>
export type DuckDbSettings = NonNullable<WarehouseBlocks['duckdb']>

/** The warehouse block of a valid spec; validation has made sure that there is exactly one. */
export function warehouseOf(spec: WarehouseBlocks): WarehouseBlock {
  if (spec.snowflake) return { kind: 'snowflake', settings: spec.snowflake }
  if (spec.databricks) return { kind: 'databricks', settings: spec.databricks }
  if (spec.bigquery) return { kind: 'bigquery', settings: spec.bigquery }
  if (spec.redshift) return { kind: 'redshift', settings: spec.redshift }
  if (spec.postgres) return { kind: 'postgres', settings: spec.postgres }
  if (spec.duckdb) return { kind: 'duckdb', settings: spec.duckdb }
  throw new TypeError('a WarehouseDestination without a warehouse block passed validation')
}
