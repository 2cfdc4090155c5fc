import { EngageError } from '../../model/errors.ts'
import type { RedshiftSettings } from '../../model/warehouse-block.ts'
import {
  connectionMeaning,
  type DriverError,
  dependents,
  engageError,
  inTheWay,
  type Meaning,
  meaning,
  serverOf,
  textOf,
} from '../pg/errors.ts'
import { refusedValue, valueMeaning } from '../pg/values.ts'
import { tookTooLong } from '../statement-limit.ts'

export const toEngageError = (error: unknown, settings: RedshiftSettings): EngageError =>
  engageError(
    error,
    (cause) =>
      ownValueMeaning(cause) ??
      valueMeaning(cause, 'Redshift') ??
      ownMeaning(cause, settings) ??
      connectionTold(cause, settings) ??
      statementMeaning(cause),
  )

/** Redshift's own: a value that cannot be converted. The context in its detail is that value. */
const ownValueMeaning = (error: DriverError): Meaning | undefined =>
  error.code === 'XX000' && /^ *code: +12\d\d\b/m.test(error.detail ?? '') ? refusedValue(error, 'Redshift') : undefined

/** A paused cluster is one that does not answer. */
function connectionTold(error: DriverError, settings: RedshiftSettings): Meaning | undefined {
  const told = connectionMeaning(error, settings)
  if (told?.reason !== 'WarehouseUnreachable' || told.consequence !== 'Wait') return told
  return { ...told, message: `${told.message}; resume the cluster if it is paused, and open its security group` }
}

/** Of errors that are about rows and names: their text is no sign of anything else. */
const ABOUT_STATEMENT = /^(23|42)/

/** Most of what is Redshift's own has the code XX000: its text tells what it is. */
function ownMeaning(error: DriverError, settings: RedshiftSettings): Meaning | undefined {
  const { code = '', message } = error
  if (ABOUT_STATEMENT.test(code)) return undefined
  const text = textOf(error)
  const server = serverOf(settings)
  // 1023: serializable isolation violation, 1018: the table was dropped by a transaction beside.
  if (/^(1023|1018)$/.test(message) || /conflict with concurrent transaction|isolation violation/i.test(text)) {
    return inTheWay(text)
  }
  if (/disk full|code: 1016/i.test(text)) {
    return meaning('WarehouseFull', 'Wait', `${server}: ${text}; add nodes, or drop what is not needed`)
  }
  if (/usage limit/i.test(text)) {
    return meaning('WarehouseFull', 'Wait', `${server}: ${text}; raise the limit of the workgroup, or wait`)
  }
  if (/assume ?role|assume iam role|not authorized to (get|assume)/i.test(text)) {
    const role = settings.staging?.iamRole ?? ''
    const fix = `attach ${role} to the cluster, and GRANT ASSUMEROLE ON '${role}' TO "${settings.username}" FOR COPY`
    return meaning('PermissionDenied', 'Stalled', `spec.redshift.staging.iamRole: ${text}: ${fix}`)
  }
  if (/S3ServiceException/.test(text)) return s3Meaning(text, settings)
  if (code === '57P03' || /is (paused|resuming|not available)/i.test(text)) {
    return meaning('WarehouseUnreachable', 'Wait', `${server}: ${text}; resume the cluster, or wait until it is there`)
  }
  if (code === '25006' || /read.only mode/i.test(text)) {
    return meaning('WarehouseError', 'Wait', `${server} takes no writes while it is resized: ${text}`)
  }
  // 8001: the rows that a statement works on are too wide.
  if (message === '8001' || /query-processing limit/i.test(text)) {
    return meaning(
      'ColumnLimit',
      'Stalled',
      `${text}: lower schemaPolicy.maxColumns, and drop columns that nobody needs`,
    )
  }
  if (/too many (tables|columns)|^1040$|at most \d+ columns/i.test(message)) {
    return meaning('ColumnLimit', 'Stalled', text)
  }
  return undefined
}

function s3Meaning(text: string, { staging }: RedshiftSettings): Meaning {
  const url = staging?.s3Url ?? ''
  if (/AccessDenied|403/.test(text)) {
    const fix = `allow the role ${staging?.iamRole ?? ''} s3:GetObject on it, and s3:ListBucket on the bucket`
    return meaning('PermissionDenied', 'Stalled', `Redshift may not read ${url}: ${fix}`)
  }
  if (/PermanentRedirect|specified endpoint|,301,/.test(text)) {
    return meaning(
      'WarehouseError',
      'Stalled',
      `the bucket of ${url} is in another region than the cluster: use one there`,
    )
  }
  return meaning('WarehouseError', 'Retry', `Redshift could not read ${url}: ${text}`)
}

function statementMeaning(error: DriverError): Meaning {
  const code = error.code ?? ''
  const text = textOf(error)
  if (code.startsWith('53')) return meaning('WarehouseFull', 'Wait', text)
  if (code === '2BP01') return dependents(text)
  if (code === '54011' || code === '54000') return meaning('ColumnLimit', 'Stalled', text)
  if (code === '57014' && OUT_OF_TIME.test(text)) {
    const fix = 'use a larger cluster or workgroup, or a smaller schemaPolicy.dedupeWindow'
    return meaning('WarehouseError', 'Stalled', tookTooLong(text, fix))
  }
  if (['40001', '40P01', '55P03', '57014', DUPLICATE_COLUMN].includes(code)) return inTheWay(text)
  return meaning('WarehouseError', 'Stalled', `Redshift refused a statement: ${text}${code ? ` [${code}]` : ''}`)
}

/** Redshift says the same of its limit as of somebody who cancels a statement: neither wants it begun again at once. */
const OUT_OF_TIME = /statement timeout|cancell?ed on user's request/i

const DUPLICATE_COLUMN = '42701'
const UNDEFINED_COLUMN = '42703'
const ADDS_COLUMN = /^ALTER TABLE "(?:[^"]|"")*"\."(?:[^"]|"")*" ADD COLUMN/
const DROPS_COLUMN = /^ALTER TABLE "(?:[^"]|"")*"\."(?:[^"]|"")*" DROP COLUMN/

/** Whether a statement failed since its work is done: Redshift has no ADD COLUMN IF NOT EXISTS. */
export function isDone(sql: string, error: unknown): boolean {
  const cause = error instanceof EngageError ? error.cause : undefined
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  return (code === DUPLICATE_COLUMN && ADDS_COLUMN.test(sql)) || (code === UNDEFINED_COLUMN && DROPS_COLUMN.test(sql))
}
