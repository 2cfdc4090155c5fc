import type { EngageError } from '../../model/errors.ts'
import type { PostgresSettings } from '../../model/warehouse-block.ts'
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
import { valueMeaning } from '../pg/values.ts'
import { tookTooLong } from '../statement-limit.ts'

export const toEngageError = (error: unknown, settings: PostgresSettings): EngageError =>
  engageError(
    error,
    (cause) =>
      valueMeaning(cause, 'Postgres') ?? connectionMeaning(cause, settings) ?? statementMeaning(cause, settings),
  )

function statementMeaning(error: DriverError, settings: PostgresSettings): Meaning {
  const code = error.code ?? ''
  const text = textOf(error)
  const server = serverOf(settings)
  if (code === '25006') return meaning('PermissionDenied', 'Stalled', `${server} is read-only: use the primary server`)
  if (code.startsWith('53')) return meaning('WarehouseFull', 'Wait', `${server}: ${text}`)
  if (code === '0A000' || code === '2BP01') return dependents(text)
  if (code === '42P10') {
    const fix = 'the table has no primary key or unique index on its key columns: add one'
    return meaning('AdoptionRefused', 'Stalled', fix)
  }
  if (code === '54011' || code === '54000') return meaning('ColumnLimit', 'Stalled', text)
  if (code === '57014' && text.includes('statement timeout')) {
    const fix = 'give the server more memory or faster disks, or look what keeps it busy'
    return meaning('WarehouseError', 'Stalled', `${server}: ${tookTooLong(text, fix)}`)
  }
  if (['40001', '40P01', '55P03', '57014', '23505', '25P03'].includes(code)) return inTheWay(error.message)
  return meaning('WarehouseError', 'Stalled', `Postgres refused a statement: ${text}${code ? ` [${code}]` : ''}`)
}
