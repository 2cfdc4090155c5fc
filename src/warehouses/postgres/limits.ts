import type { IdentifierRules } from '../../engage/identifiers.ts'
import type { Capabilities } from '../port.ts'

/** Postgres cuts longer names in silence; every word can be a name in quotes. */
export const identifiers: IdentifierRules = { maxBytes: 63, reserved: new Set() }

export const capabilities: Capabilities = {
  transactionalDdl: true,
  transactions: true,
  exactFloat: true,
  rejectsNul: true,
  metered: false,
  prunesByTime: false,
  localOnly: false,
  // A row without its long texts must fit a page of 8 KB: about 1,000 numbers.
  maxColumns: 500,
  segmentBytes: 16 << 20,
}
