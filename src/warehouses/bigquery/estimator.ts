import { EngageError } from '../../model/errors.ts'
import type { LogicalType, TypedColumn } from '../../model/table.ts'
import type { BigQuerySettings } from '../../model/warehouse-block.ts'
import type { Estimator, WarehouseEnvironment } from '../port.ts'
import { clientOf } from './config.ts'
import { dialect } from './dialect.ts'
import { toEngageError } from './errors.ts'
import { dryRun } from './jobs.ts'

/** Longest time of all dry runs together, in milliseconds. */
const ALL_MS = 60_000

/** Dry runs: BigQuery plans a statement, tells what it would read, and takes nothing for it. */
export const estimatorOf = (settings: BigQuerySettings, environment: WarehouseEnvironment): Estimator => ({
  standIn,
  async bytesOf(statements, signal) {
    const deadline = AbortSignal.any([AbortSignal.timeout(ALL_MS), ...(signal ? [signal] : [])])
    const { client, account } = await clientOf(settings, environment).catch((error: unknown) => {
      throw toEngageError(error, settings, undefined)
    })
    const context = { client, projectId: settings.projectId, location: settings.location }
    const found: (number | EngageError)[] = []
    for (const sql of statements) {
      const bytes = await dryRun(context, sql, deadline).catch((error: unknown) =>
        toEngageError(error, settings, account),
      )
      found.push(Number.isNaN(bytes) ? untold : bytes)
    }
    return found
  },
})

const untold = new EngageError('WarehouseError', 'Stalled', 'the dry run of a statement tells no bytes')

/** Values that the planner cannot know: it leaves out what constants show to be needless. */
const UNKNOWN: Partial<Record<LogicalType, string>> = { String: 'GENERATE_UUID()', Timestamp: 'CURRENT_TIMESTAMP()' }

const standIn = (columns: readonly TypedColumn[]): string => {
  const cells = columns.map(
    ({ name, type }) => `${UNKNOWN[type] ?? `CAST(NULL AS ${dialect.sqlType(type)})`} AS ${dialect.quote(name)}`,
  )
  return `(SELECT ${cells.join(', ')})`
}
