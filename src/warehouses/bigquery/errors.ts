import { type Consequence, EngageError } from '../../model/errors.ts'
import type { Reason } from '../../model/reasons.ts'
import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import { StatementFailed } from '../statement-failed.ts'
import { tookTooLong } from '../statement-limit.ts'
import { withoutQueries } from '../urls.ts'
import { type ErrorParts, isPassing, partsOf } from './client.ts'
import { JobError, JobRefused } from './jobs.ts'

type Meaning = [reason: Reason, consequence: Consequence, message: string]

/** The error that a user sees. The driver's own is not kept as its cause: it has the request in it, with the token. */
export function toEngageError(error: unknown, settings: BigQuerySettings, account: string | undefined): EngageError {
  if (error instanceof EngageError) return error
  if (error instanceof JobRefused) return new StatementFailed(...meaningOf(error.cause, settings, account))
  if (error instanceof JobError) return new StatementFailed(...meaningOf(error, settings, account))
  return new EngageError(...meaningOf(error, settings, account))
}

function meaningOf(error: unknown, settings: BigQuerySettings, account: string | undefined): Meaning {
  const { projectId, location, endpoint = 'bigquery.googleapis.com' } = settings
  const parts = partsOf(error)
  const { code, reason } = parts
  const message = withoutData(withoutQueries(parts.message))
  const who = account ?? 'the workload identity of this process'
  if (isLate(error)) return ['WarehouseUnreachable', 'Wait', `${endpoint} did not answer in time`]
  if (/CERT|ERR_TLS|ERR_SSL|UNABLE_TO|EPROTO|SELF_SIGNED/.test(String(code))) {
    return ['TlsFailed', 'Stalled', `${endpoint}: ${message}; let Node trust the authority (NODE_EXTRA_CA_CERTS)`]
  }
  if (/default credentials/.test(message)) {
    return [
      'AuthenticationFailed',
      'Stalled',
      'there is no workload identity here: set serviceAccountSecretRef, or run with one that Google knows',
    ]
  }
  if (code === 401 || isAboutCredentials(parts)) {
    return ['AuthenticationFailed', 'Stalled', `Google refused ${who}: ${message}; ${credentialFix(message)}`]
  }
  if (/SERVICE_DISABLED|has not been used in project|has not enabled BigQuery/.test(message)) {
    return [
      'PermissionDenied',
      'Stalled',
      `${message}: gcloud services enable bigquery.googleapis.com --project ${projectId}`,
    ]
  }
  if (reason === 'billingNotEnabled' || /[Bb]illing has not been enabled/.test(message)) {
    return ['PermissionDenied', 'Stalled', `${message}: link a billing account to project ${projectId}`]
  }
  if (reason === 'quotaExceeded') return ['WarehouseFull', 'Wait', `${message}: raise the quota, or sync less often`]
  if (isPassing(error) && typeof code !== 'string') {
    return ['WarehouseUnreachable', 'Retry', `BigQuery is busy or out of order: ${message}`]
  }
  if (reason === 'accessDenied' || reason === 'forbidden' || (code === 403 && reason === undefined)) {
    return ['PermissionDenied', 'Stalled', `${message}: ${grantFor(message, projectId, account)}`]
  }
  if (/Not found: Project|project .* (not found|does not exist)|ProjectId/i.test(message)) {
    return ['DatabaseNotFound', 'Stalled', `there is no project ${projectId}: ${message}; correct bigquery.projectId`]
  }
  if (reason === 'notFound' && message.includes('Dataset')) {
    const fix = `datasets of another location than ${location} are not seen: see bigquery.location`
    return ['WarehouseError', 'Stalled', `${message}; ${fix}`]
  }
  if (typeof code === 'string') return ['WarehouseUnreachable', 'Wait', `${endpoint} does not answer: ${message}`]
  if (/[Cc]ould not serialize access|concurrent update|is aborted/.test(message)) {
    return ['WarehouseError', 'Retry', `another statement was in the way: ${message}`]
  }
  if (reason === 'timeout' || (reason === 'stopped' && /timed out/i.test(message))) {
    return ['WarehouseError', 'Stalled', tookTooLong(message, 'use more slots, or a smaller schemaPolicy.dedupeWindow')]
  }
  if (reason === 'stopped' || code === 409) {
    return ['WarehouseError', 'Retry', `the job was ended: ${message}`]
  }
  if (/[Tt]oo many (columns|fields)/.test(message)) return ['ColumnLimit', 'Stalled', message]
  if (/SET DATA TYPE|(partition|cluster)\w* (column|field)/i.test(message))
    return ['UnsupportedChange', 'Stalled', message]
  return ['WarehouseError', 'Stalled', `BigQuery refused a statement: ${message}${reason ? ` [${reason}]` : ''}`]
}

const LATE = new Set<unknown>(['TimeoutError', 'AbortError'])

const isLate = (error: unknown): boolean => error instanceof Error && LATE.has(error.name)

/** Of the token server, of the key itself, or of a token that the API does not take. */
const isAboutCredentials = ({ reason, message }: ErrorParts): boolean =>
  reason === 'authError' ||
  /invalid_(grant|client|scope)|unauthorized_client|Invalid Credentials|DECODER|PEM|asn1|access token/i.test(message)

function credentialFix(message: string): string {
  if (/iat|exp|short-lived|timeframe/.test(message)) return 'set the clock of this machine'
  return 'make a new key and store it in the Secret, or look whether the account is disabled'
}

/** The command that gives the missing right. */
function grantFor(message: string, projectId: string, account: string | undefined): string {
  const role = /bigquery\.jobs\./.test(message) ? 'roles/bigquery.jobUser' : 'roles/bigquery.dataEditor'
  const member = account === undefined ? 'PRINCIPAL' : `serviceAccount:${account}`
  return `gcloud projects add-iam-policy-binding ${projectId} --member=${member} --role=${role}`
}

/** Messages about bad values show the value, which is about people. */
const withoutData = (message: string): string =>
  message
    .replace(/; Value: [\s\S]*$/, '')
    .replace(/(Bad \w+ value): [\s\S]*$/, '$1')
    .replace(/((?:parse|cast|convert|Invalid)[\w ]*:?) (?:'[\s\S]*'|"[\s\S]*")/, '$1 (a value)')
