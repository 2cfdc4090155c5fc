import type { WarehouseDestination } from '../model/destination.ts'
import type { Reason } from '../model/reasons.ts'
import type { Trouble } from '../reconcile/conditions.ts'

/** Something that may pass by itself: the queue tries again, later and later. Its trouble stands in the status already. */
export class RetryLater extends Error {
  readonly reason: Reason

  constructor(reason: Reason, message: string) {
    super(`${reason}: ${message}`)
    this.name = 'RetryLater'
    this.reason = reason
  }
}

const DEFAULT_DRIFT_MS = 10 * 60_000
/** Between two probes of a destination that fails: five seconds, doubling up to a minute. */
const FIRST_PROBE_MS = 5_000
const LONGEST_PROBE_MS = 60_000
/** A sync that writes holds the lease for as long as it takes. */
const LEASE_MS = 15_000
/** Until what keeps tables from being looked at, or a deletion from its end, is looked at again. */
const TROUBLE_MS = 60_000
/** What the test of a connection would find too. */
const CONNECTION_REASONS: ReadonlySet<Reason> = new Set([
  'SecretNotFound',
  'WarehouseUnreachable',
  'AuthenticationFailed',
  'TlsFailed',
  'DatabaseNotFound',
])
/** Many that were looked at together are not looked at together again. */
const JITTER = 0.1

/** When a destination is probed again, after so many failures in a row. */
export function destinationInterval({ spec }: WarehouseDestination, failures: number): number {
  const usual = milliseconds(spec.probeInterval)
  if (failures === 0) return spread(usual)
  return spread(Math.min(usual, LONGEST_PROBE_MS, FIRST_PROBE_MS * 2 ** Math.min(failures - 1, 10)))
}

/** Whether a warehouse cannot be used at all, for whatever is to be done in it. */
export const isOfConnection = ({ reason }: Trouble): boolean => CONNECTION_REASONS.has(reason)

/**
 * When the tables of a space are looked at again: at the shortest drift interval of its destinations, sooner after
 * trouble. Those that are compared OnSync are not asked then: see SettledPlans.
 */
export function driftInterval(
  troubles: readonly Trouble[],
  destinations: readonly WarehouseDestination[],
  isDeleting: boolean,
): number {
  if (troubles.some(({ reason }) => reason === 'LeaseHeld')) return spread(LEASE_MS)
  if (isDeleting || troubles.some(isOfConnection)) return spread(TROUBLE_MS)
  const intervals = destinations.map(({ spec }) => {
    const { interval } = spec.driftPolicy
    return interval === undefined || interval === 'OnSync' ? DEFAULT_DRIFT_MS : milliseconds(interval)
  })
  return spread(intervals.length === 0 ? DEFAULT_DRIFT_MS : Math.min(...intervals))
}

const spread = (ms: number): number => ms * (1 - JITTER + 2 * JITTER * Math.random())

const UNITS: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1_000 }

/** A time span as the model has it: `1h30m`, `10m`, `90s`. */
function milliseconds(span: string): number {
  let sum = 0
  for (const [, count, unit = ''] of span.matchAll(/(\d+)(h|m|s)/g)) sum += Number(count) * (UNITS[unit] ?? 0)
  return sum
}
