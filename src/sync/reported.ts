import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { type CollectionReport, Notices, type RunReport, statusOf } from './report.ts'
import { Run, type RunOptions } from './run.ts'

/** What a run read, and why not all. */
export interface Read {
  complete: boolean
  unreadable?: EngageError
}

/** Opens a run and does something with it; false: not all of it. */
export type Execute = (work: (run: Run) => Promise<Read>) => Promise<boolean>

/**
 * Does work that may open a run, once, and says what became of it. Never throws an EngageError: the report has it. A run
 * that was opened is written into the ledger and closed, whatever happens.
 */
export async function reported(
  options: RunOptions,
  work: (start: string, execute: Execute) => Promise<void>,
): Promise<RunReport> {
  const now = options.now ?? (() => new Date())
  const runId = options.runId ?? randomUUID()
  const start = now().toISOString()
  const notices = new Notices()
  let run: Run | undefined
  let error: EngageError | undefined
  const fail = (thrown: unknown) => {
    if (!(thrown instanceof EngageError)) throw thrown
    error ??= thrown
    notices.say('Error', `${thrown.reason}: ${thrown.message}`)
  }
  const execute: Execute = async (body) => {
    const directory = await mkdtemp(join(options.tempDir, 'stage-'))
    try {
      run = await Run.open({ ...options, now, runId, notices, directory })
      const { complete, unreadable } = await body(run)
      await run.finish(start)
      error = unreadable
      return complete && run.isWhole
    } catch (thrown) {
      fail(thrown)
      await run?.recordFailure(start)
      return false
    } finally {
      await run?.close()
      await rm(directory, { recursive: true, force: true })
    }
  }
  try {
    await work(start, execute)
  } catch (thrown) {
    fail(thrown)
  }
  return report(options.order, { runId, start, end: now().toISOString(), notices, run, error })
}

function report(
  order: WorkOrder,
  parts: {
    runId: string
    start: string
    end: string
    notices: Notices
    run: Run | undefined
    error: EngageError | undefined
  },
): RunReport {
  const { run, error } = parts
  const collections: CollectionReport[] = run?.collections() ?? []
  const rows = collections.reduce((sum, collection) => sum + collection.rows, 0)
  const notices = parts.notices.all()
  return {
    runId: parts.runId,
    scope: order.scope,
    start: parts.start,
    end: parts.end,
    status: statusOf(rows, notices),
    rows,
    notices: notices.slice(0, 20),
    collections,
    calls: run?.calls ?? 0,
    unrouted: run?.unrouted ?? 0,
    bytes: run?.bytes ?? 0,
    opened: run !== undefined,
    ...(error ? { error: { reason: error.reason, consequence: error.consequence, message: error.message } } : {}),
  }
}
