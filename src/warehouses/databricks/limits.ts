import type { IdentifierRules } from '../../engage/identifiers.ts'
import type { Capabilities } from '../port.ts'

/** Unity Catalog keeps names in lower case and takes 255 characters; every word can be a name in backquotes. */
export const identifiers: IdentifierRules = { maxBytes: 255, reserved: new Set() }

export const capabilities: Capabilities = {
  transactionalDdl: false,
  transactions: false,
  exactFloat: false,
  rejectsNul: false,
  metered: true,
  prunesByTime: true,
  localOnly: false,
  maxColumns: 1000,
  // Every commit of a table costs a second or more, whatever its size.
  segmentBytes: 64 << 20,
}

/** What differs where rows go into the text of INSERT statements. */
export const withoutVolume: Capabilities = { ...capabilities, segmentBytes: 8 << 20, maxTextBytes: 1 << 20 }
