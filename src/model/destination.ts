import { z } from 'zod'
import type { Resource } from './resource.ts'
import { exactlyOne, notMatching, ruled } from './rules.ts'
import { interval, intervalOrOnSync, schedule, timeZone } from './schedule.ts'
import type { DestinationStatus } from './status.ts'
import { syncPod } from './sync-pod.ts'
import { WAREHOUSE_KINDS, warehouseBlocks } from './warehouse-block.ts'

/** When destinations are synced that do not say it. */
export const DEFAULT_SCHEDULE = '0 * * * *'

const sync = z.strictObject({
  schedule: schedule.default(DEFAULT_SCHEDULE).describe('When syncs run: five cron fields.'),
  timeZone: timeZone.default('Etc/UTC').describe('Time zone of the schedule (tz database).'),
  suspend: z.boolean().default(false).describe('Whether scheduled syncs are held back.'),
  historyLimit: z.int().min(1).max(100).default(20).describe('Runs kept in the status.'),
  pod: syncPod.optional(),
})

const schemaPolicy = z.strictObject({
  undeclaredProperties: z
    .enum(['Column', 'Discard'])
    .default('Column')
    .describe('What a property that no resource declares gets: a column, or nothing.'),
  widenTypes: z
    .enum(['Allow', 'Forbid'])
    .default('Allow')
    .describe('Whether an undeclared column may widen (Integer, Float, String); where not, the value is discarded.'),
  dropObjects: z
    .enum(['Forbid', 'Approve'])
    .default('Forbid')
    .describe('Whether a plan may drop columns and tables, once its hash is approved.'),
  maxColumns: z
    .int()
    .min(20)
    .max(10000)
    .optional()
    .describe("Columns a table may have; more go to one overflow column as JSON. Default: the warehouse's."),
  dedupeWindow: z
    .string()
    .max(5)
    .regex(/^[1-9][0-9]{0,3}d$/, 'is not a number of days: write one such as 30d')
    .default('30d')
    .describe('How far back duplicates are looked for on metered warehouses, in days.'),
})

const driftPolicy = z.strictObject({
  mode: z
    .enum(['Correct', 'Report', 'Ignore'])
    .default('Correct')
    .describe('What happens when a table differs from what was declared.'),
  interval: intervalOrOnSync
    .optional()
    .describe('How often tables are compared; OnSync: with each sync. Default: 10m, metered warehouses OnSync.'),
  ignore: z
    .strictObject({
      tables: z.array(z.string().min(1).max(255)).max(100).optional().describe('Table names or globs.'),
      columns: z.array(z.string().min(1).max(255)).max(100).optional().describe('Column names or globs.'),
    })
    .optional()
    .describe('What is not compared.'),
})

const bookkeepingSchema = ruled(
  z
    .string()
    .max(63)
    .regex(
      /^[a-z][a-z0-9_]{0,62}$/,
      'is not a name for the bookkeeping schema: write a lower-case letter, then letters, digits and _, at most 63',
    ),
  notMatching(
    /^(information_schema|public|main|pg_.*)$/,
    'belongs to the warehouse: write another schema, such as engageops',
  ),
)

const spec = z.strictObject({
  ...warehouseBlocks,
  sync: sync.prefault({}).describe('When and how syncs run.'),
  schemaPolicy: schemaPolicy.prefault({}).describe('What may happen to tables.'),
  driftPolicy: driftPolicy.prefault({}).describe('What happens when somebody else changes a table.'),
  adoptionPolicy: z
    .enum(['IfCompatible', 'Never', 'Always'])
    .default('IfCompatible')
    .describe('Whether a table that exists already may be taken over.'),
  probeInterval: interval.default('5m').describe('How often the connection is tested.'),
  bookkeepingSchema: bookkeepingSchema.default('engageops').describe('Schema of the ledger. Immutable.'),
})

export const destinationSpec = ruled(
  spec,
  exactlyOne(
    WAREHOUSE_KINDS,
    `must have exactly one warehouse block: write one of ${WAREHOUSE_KINDS.slice(0, -1).join(', ')} or duckdb`,
  ),
)

export type DestinationSpec = z.infer<typeof destinationSpec>
export type WarehouseDestination = Resource<'WarehouseDestination', DestinationSpec, DestinationStatus>
