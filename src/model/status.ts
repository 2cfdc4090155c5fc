import { z } from 'zod'
import { keyedList } from './rules.ts'
import { LOGICAL_TYPES } from './table.ts'

/** RFC 3339 text, second precision, UTC. */
const time = z.string().max(64).meta({ format: 'date-time' })

export const condition = z.strictObject({
  type: z
    .string()
    .max(316)
    .regex(
      /^([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$/,
    )
    .describe('Type of the condition.'),
  status: z.enum(['True', 'False', 'Unknown']).describe('Whether it holds.'),
  observedGeneration: z.int().min(0).optional().describe('Generation of the spec that it was found for.'),
  lastTransitionTime: time.describe('When the status last changed.'),
  reason: z
    .string()
    .min(1)
    .max(1024)
    .regex(/^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$/)
    .describe('Why, as one stable word.'),
  message: z.string().max(32768).describe('Why, in words.'),
})
export type Condition = z.infer<typeof condition>

export const notice = z.strictObject({
  level: z.enum(['Info', 'Warning', 'Error']).describe('How grave it is.'),
  message: z.string().max(1024).describe('What was seen.'),
  count: z.int().describe('How often.'),
})
export type Notice = z.infer<typeof notice>

export const RUN_STATUSES = ['Success', 'Partial', 'Failure'] as const
export const runSummary = z.strictObject({
  runId: z.string().max(64).describe('Id of the run, as the ledger has it.'),
  start: time.describe('When it started.'),
  end: time.describe('When it ended.'),
  status: z.enum(RUN_STATUSES).describe("Segment's words: Success, Partial (notices and rows), Failure (no rows)."),
  rows: z.int().describe('Rows written.'),
  notices: z.array(notice).max(20).describe('What people should know of it.'),
})
export type RunSummary = z.infer<typeof runSummary>

/** A run as statuses have it. */
export const recordedRun = runSummary.extend({
  destination: z.string().max(253).describe('Name of the WarehouseDestination that it wrote to.'),
  job: z.string().max(63).optional().describe('Job that ran it, in a cluster.'),
})
export type RecordedRun = z.infer<typeof recordedRun>

/** Runs that a status has room for. */
export const MOST_RUNS = 100

/** Runs are information: one that was written in another way is left out alone, and the status around it stays. */
const readableRun = recordedRun.optional().catch(undefined)

const runs = {
  lastSync: readableRun.describe('The last run.'),
  nextSyncTime: time.optional().describe('When the next run is due.'),
  history: z
    .array(readableRun)
    .max(MOST_RUNS)
    .default([])
    .transform((history) => history.filter((run) => run !== undefined))
    .describe(`Past runs, newest first: sync.historyLimit of each destination, ${MOST_RUNS} in all.`),
}

const syncRequests = {
  lastHandledSyncRequest: z
    .string()
    .max(255)
    .optional()
    .describe('The last request of a sync of which nothing waits any more.'),
  pendingSync: z
    .strictObject({
      request: z.string().max(255).describe('The request, as the annotation has it.'),
      waiting: z
        .array(z.string().max(253))
        .describe('What could not be started yet: destinations, or spaces where a destination was asked.'),
    })
    .optional()
    .describe('A requested sync that still waits, mostly for one that runs.'),
}

const statusColumn = z.strictObject({
  name: z.string().describe('Name of the column.'),
  type: z.enum(LOGICAL_TYPES).describe('Type of the column.'),
})
const statusTable = z.strictObject({
  schema: z.string().describe('Schema of the table.'),
  name: z.string().describe('Name of the table.'),
  columns: z.array(statusColumn).describe('Columns, in order.'),
})
export type StatusTable = z.infer<typeof statusTable>

const statusPlan = z.strictObject({
  hash: z.string().max(64).describe('Hash of the statements, to approve them by.'),
  statements: z.array(z.string()).describe('SQL that would run, at most 8 KiB of it.'),
  destructive: z.boolean().describe('Whether data would be lost.'),
})
export type StatusPlan = z.infer<typeof statusPlan>

const common = {
  observedGeneration: z.int().optional().describe('Generation of the spec that the status is of.'),
  conditions: keyedList(condition, 'type', 20).default([]).describe('Conditions, one of each type.'),
}

const connectionStep = z.strictObject({
  name: z.string().max(64).describe('Step of the connection test.'),
  status: z.enum(['Passed', 'Failed', 'Skipped']).describe('How it went.'),
  message: z.string().max(1024).optional().describe('Why it failed.'),
})

export const destinationStatus = z.strictObject({
  ...common,
  connection: z
    .strictObject({
      state: z.enum(['Connected', 'Failed']).describe('Whether the warehouse could be used.'),
      checkedAt: time.describe('When the state last changed.'),
      serverVersion: z.string().max(255).optional().describe('Version that the server told.'),
      steps: z.array(connectionStep).max(20).default([]).describe('Steps of the connection test.'),
    })
    .optional()
    .describe('Result of the connection test.'),
  spaces: z.array(z.string()).default([]).describe('Spaces connected to the destination.'),
  activations: z.int().default(0).describe('Number of activations.'),
  ...syncRequests,
})
export type DestinationStatus = z.infer<typeof destinationStatus>

const spaceSchemas = z.strictObject({
  destination: z.string().describe('Name of the WarehouseDestination.'),
  classic: z.string().describe('Schema of classic storage.'),
  storageActions: z.string().describe('Schema of storage actions.'),
})

export const spaceStatus = z.strictObject({
  ...common,
  schemas: z.array(spaceSchemas).default([]).describe('Schemas, one entry a destination.'),
  tables: z.array(statusTable).default([]).describe('Classic tables.'),
  plan: statusPlan.optional().describe('Changes of the classic tables that wait.'),
  syncCronJobs: z.array(z.string()).default([]).describe('CronJobs that sync the space.'),
  ...syncRequests,
  ...runs,
  recordedJobs: z
    .array(z.string().max(253))
    .default([])
    .describe('Uids of ended Jobs that have been put into the history; those that are gone are left out.'),
})
export type SpaceStatus = z.infer<typeof spaceStatus>

export const activationStatus = z.strictObject({
  ...common,
  schema: z.string().optional().describe('Schema that the rows land in.'),
  tables: z.array(statusTable).default([]).describe('Tables that the rows land in.'),
  plan: statusPlan.optional().describe('Changes that wait.'),
  cronJob: z.string().optional().describe('CronJob that syncs the activation.'),
  ...runs,
  ...syncRequests,
})
export type ActivationStatus = z.infer<typeof activationStatus>
