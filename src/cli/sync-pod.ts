import { pino } from 'pino'
import { runSyncPod } from '../operator/sync-pod.ts'
import type { SyncProgress } from '../sync/sync.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interrupt.ts'

export interface SyncPodCliOptions {
  runId: string
  holder: string
  logLevel: string
}

const PROGRESS_MS = 10_000

/**
 * Does one sync in a pod. Its exit status tells the Job what to do: 75 try again, 78 leave it to people. One that was told
 * to end has committed what it read, and the next pod goes on from there.
 */
export async function run({ runId, holder, logLevel }: SyncPodCliOptions): Promise<number> {
  const log = pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const signal = interruption()
  let toldAt = performance.now()
  const onProgress = (progress: SyncProgress) => {
    if (performance.now() - toldAt < PROGRESS_MS) return
    toldAt = performance.now()
    log.info(progress, 'syncing')
  }
  const onWait = (why: string) => log.info({ why }, 'waiting')
  const { status, rows, calls, notices, error } = await runSyncPod({ runId, holder, signal, onProgress, onWait })
  log[error ? 'error' : 'info']({ runId, status, rows, calls, notices, ...(error ? { error } : {}) }, 'sync ended')
  if (error?.consequence === 'Stalled') return EXIT.stalled.code
  return error || signal.aborted ? EXIT.retry.code : EXIT.ok.code
}
