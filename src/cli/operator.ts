import { hostname } from 'node:os'
import { pino } from 'pino'
import { LeadershipLost } from '../kube/lease.ts'
import type { SyncImage } from '../operator/cron-job.ts'
import { runOperator } from '../operator/operator.ts'
import { EXIT } from './exit-codes.ts'
import { interruption } from './interrupt.ts'
import { version } from './version.ts'

export interface OperatorCliOptions {
  watchNamespaces?: string[]
  selector?: string
  watchSecrets?: true
  syncImage: string
  syncImagePullPolicy?: SyncImage['pullPolicy']
  workers: number
  metricsPort: number
  healthPort: number
  leaseName: string
  logLevel: string
}

/** Runs the operator until SIGTERM; losing the lead ends it with 1, so that it is started anew. */
export async function run(options: OperatorCliOptions): Promise<number> {
  const {
    watchNamespaces,
    selector,
    syncImage: name,
    syncImagePullPolicy: pullPolicy,
    workers,
    metricsPort,
    healthPort,
    logLevel,
  } = options
  const log = pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime })
  const stop = interruption()
  try {
    await runOperator({
      version: version(),
      namespace: process.env.POD_NAMESPACE ?? 'default',
      podName: process.env.POD_NAME ?? hostname(),
      ...(watchNamespaces ? { watchNamespaces } : {}),
      ...(selector === undefined ? {} : { selector }),
      watchSecrets: options.watchSecrets === true,
      image: { name, ...(pullPolicy ? { pullPolicy } : {}) },
      workers,
      metricsPort,
      healthPort,
      leaseName: options.leaseName,
      log,
      stop,
    })
    return EXIT.ok.code
  } catch (error) {
    if (!(error instanceof LeadershipLost)) throw error
    log.error(error.message)
    return EXIT.failed.code
  }
}
