import { BigQuery } from '@google-cloud/bigquery'
import { GoogleAuth, JWT } from 'google-auth-library'
import { z } from 'zod'
import { EngageError } from '../../model/errors.ts'
import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import type { WarehouseEnvironment } from '../port.ts'

/** Longest time that one HTTP request may take, in milliseconds. */
export const REQUEST_MS = 60_000

const ENDPOINT = 'https://bigquery.googleapis.com'
const TOKEN_URI = 'https://oauth2.googleapis.com/token'
/** What keys of all ages name; the library always asks the one above. */
const GOOGLES_TOKEN_URI = /^https:\/\/(oauth2|www)\.googleapis\.com\/|^https:\/\/accounts\.google\.com\//
const SCOPES = ['https://www.googleapis.com/auth/bigquery']

export interface Connection {
  client: BigQuery
  /** Who the statements run as, for messages; undefined with workload identity. */
  account: string | undefined
}

/**
 * A client, with the secret read now; BigQuery is not asked yet. Throws EngageError SecretNotFound, AuthenticationFailed,
 * and what the library throws where there is no workload identity.
 */
export async function clientOf(settings: BigQuerySettings, { secret }: WarehouseEnvironment): Promise<Connection> {
  const { projectId, location, serviceAccountSecretRef: reference, endpoint = ENDPOINT } = settings
  const key = reference && readKey(await secret(reference), `${reference.name}/${reference.key}`)
  const transporterOptions = { timeout: REQUEST_MS }
  const client = new BigQuery({
    projectId,
    location,
    apiEndpoint: endpoint,
    // Requests are tried again by ./client.ts, which knows their deadline.
    retryOptions: { autoRetry: false },
    userAgent: 'engageops',
    authClient: key
      ? jwtOf(key, transporterOptions)
      : await new GoogleAuth({ projectId, scopes: SCOPES, clientOptions: { transporterOptions } }).getClient(),
  })
  return { client, account: key?.client_email }
}

const serviceAccountKey = z.object({
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  token_uri: z.url().default(TOKEN_URI),
})
type ServiceAccountKey = z.infer<typeof serviceAccountKey>

/** Neither the parser's message nor the schema's is shown: they would show a part of the key. */
function readKey(text: string, secretName: string): ServiceAccountKey {
  try {
    return serviceAccountKey.parse(JSON.parse(text))
  } catch {
    throw new EngageError(
      'AuthenticationFailed',
      'Stalled',
      `serviceAccountSecretRef: ${secretName} is not the key of a service account, JSON with client_email and private_key: ` +
        'store the file that `gcloud iam service-accounts keys create` writes',
    )
  }
}

function jwtOf(key: ServiceAccountKey, transporterOptions: { timeout: number }): JWT {
  const { client_email: email, private_key: privateKey, token_uri: tokenUri } = key
  const jwt = new JWT({ email, key: privateKey, scopes: SCOPES, transporterOptions })
  if (GOOGLES_TOKEN_URI.test(tokenUri)) return jwt
  jwt.transporter.interceptors.request.add({
    resolved: async (request) => (request.url.href === TOKEN_URI ? { ...request, url: new URL(tokenUri) } : request),
  })
  return jwt
}

export const identityOf = ({ projectId, location }: BigQuerySettings): string =>
  `bigquery:${projectId}/${location.toLowerCase()}`
