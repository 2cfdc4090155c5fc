import type { IdentifierRules } from '../../engage/identifiers.ts'
import { SYSTEM_COLUMNS } from '../pg/system-columns.ts'
import type { Capabilities } from '../port.ts'

/**
 * Longer names are cut in silence; every word can be a name in quotes, but those of its own columns. Names fold to lower
 * case also in quotes.
 */
export const identifiers: IdentifierRules = { maxBytes: 127, reserved: new Set([...SYSTEM_COLUMNS, 'oid']) }

/** The longest VARCHAR, in bytes. */
export const MAX_TEXT_BYTES = 65_535

export const capabilities: Omit<Capabilities, 'metered'> = {
  transactionalDdl: true,
  transactions: true,
  exactFloat: false,
  rejectsNul: true,
  prunesByTime: true,
  localOnly: false,
  // A table has at most 1,600, some of them hidden.
  maxColumns: 1500,
  segmentBytes: 64 << 20,
  maxTextBytes: MAX_TEXT_BYTES,
}
