import type { IdentifierRules } from '../../engage/identifiers.ts'
import { SYSTEM_COLUMNS } from '../pg/system-columns.ts'
import type { Capabilities } from '../port.ts'

/** Postgres cuts longer names in silence; every word can be a name in quotes, but those of its own columns. */
export const identifiers: IdentifierRules = { maxBytes: 63, reserved: new Set(SYSTEM_COLUMNS) }

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
