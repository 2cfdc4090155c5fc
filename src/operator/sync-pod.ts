import { writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import { EngageError } from '../model/errors.ts'
import type { SecretKeyReference } from '../model/resource.ts'
import { openSource } from '../sources/registry.ts'
import type { MirrorStore } from '../sync/mirror.ts'
import type { RunReport } from '../sync/report.ts'
import { readSecretFile } from '../sync/secret-file.ts'
import { type SyncProgress, sync } from '../sync/sync.ts'
import { WarehouseMirror } from '../sync/warehouse-mirror.ts'
import { runLeaseSeconds } from '../warehouses/lease.ts'
import { openWarehouse } from '../warehouses/registry.ts'
import { ORDER_DIR, SECRETS_DIR, TERMINATION_MESSAGE, VOLUMES_DIR } from './pod-contract.ts'
import { readConfig } from './sync-config.ts'
import { terminationMessage } from './termination-message.ts'

export interface SyncPodOptions {
  runId: string
  /** Who runs this, for the writer lease: the Job, since a pod goes on with what the one before it held when it was killed. */
  holder: string
  signal: AbortSignal
  onProgress?: (progress: SyncProgress) => void
  /** Told each time that another holds the lease. */
  onWait?: (why: string) => void
  /** Default: where the CronJob mounts things. */
  paths?: PodPaths
}

export interface PodPaths {
  order: string
  secrets: string
  volumes: string
  terminationMessage: string
}

const PATHS: PodPaths = {
  order: ORDER_DIR,
  secrets: SECRETS_DIR,
  volumes: VOLUMES_DIR,
  terminationMessage: TERMINATION_MESSAGE,
}

/** A volume is listed whole: what was read of its files stands in the warehouse. */
const NO_MIRROR: MirrorStore = { read: async () => undefined, write: async () => undefined }

/** Time between two looks whether the lease is free: longer each time, since a look may cost money. */
const FIRST_LOOK_MS = 10_000
const LONGEST_LOOK_MS = 60_000

/**
 * One run as the mounted work order says; it waits while another writes to the same tables. The verdict is left behind as
 * termination message, for the operator.
 */
export async function runSyncPod({ paths = PATHS, ...options }: SyncPodOptions): Promise<RunReport> {
  const start = new Date()
  const report = await syncAsOrdered(paths, options).catch((error: unknown) => {
    if (error instanceof EngageError) return failedRun(options.runId, start, error)
    throw error
  })
  writeFileSync(paths.terminationMessage, terminationMessage(report))
  return report
}

async function syncAsOrdered(
  paths: PodPaths,
  { onWait, ...options }: Omit<SyncPodOptions, 'paths'>,
): Promise<RunReport> {
  const { order, warehouse: block } = readConfig(paths.order)
  const secret = async (reference: SecretKeyReference) => {
    const value = readSecretFile(paths.secrets, reference)
    if (value) return value
    const { name, key } = reference
    throw new EngageError(
      'SecretNotFound',
      'Wait',
      `Secret ${name} has no key ${key}: make it, or correct the reference`,
    )
  }
  const warehouse = await openWarehouse(block, { secret, baseDir: tmpdir() })
  const { signal } = options
  const attempt = async () => {
    const sources = order.sources.map((spec) => openSource(spec, { volumesDir: paths.volumes, secret, signal }))
    try {
      return await sync({
        ...options,
        order,
        warehouse,
        sources,
        mirror: order.sources.some(({ objectStore }) => objectStore)
          ? new WarehouseMirror(warehouse, order, signal)
          : NO_MIRROR,
        tempDir: tmpdir(),
      })
    } finally {
      for (const source of sources) await source[Symbol.asyncDispose]()
    }
  }
  // One that was killed holds it for so long.
  const giveUpAt = performance.now() + (runLeaseSeconds(warehouse.capabilities) + 60) * 1000
  for (let pause = FIRST_LOOK_MS; ; pause = Math.min(2 * pause, LONGEST_LOOK_MS)) {
    const report = await attempt()
    if (report.error?.reason !== 'LeaseHeld' || performance.now() > giveUpAt) return report
    onWait?.(report.error.message)
    await sleep(pause, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return report
  }
}

/** A run that could not even begin. */
function failedRun(runId: string, start: Date, { reason, consequence, message }: EngageError): RunReport {
  return {
    runId,
    scope: '',
    start: start.toISOString(),
    end: new Date().toISOString(),
    status: 'Failure',
    rows: 0,
    notices: [{ level: 'Error', message: `${reason}: ${message}`.slice(0, 1024), count: 1 }],
    collections: [],
    calls: 0,
    unrouted: 0,
    bytes: 0,
    opened: false,
    error: { reason, consequence, message },
  }
}
