import type { IdentifierRules } from '../../engage/identifiers.ts'
import type { Capabilities } from '../port.ts'

/** DuckDB has no limit on names and takes every word in quotes; 255 bytes is what other tools can still show. */
export const identifiers: IdentifierRules = { maxBytes: 255, reserved: new Set() }

export const capabilities: Capabilities = {
  transactionalDdl: true,
  transactions: true,
  exactFloat: false,
  rejectsNul: false,
  metered: false,
  prunesByTime: false,
  localOnly: true,
  maxColumns: 1000,
  // Large enough for whole row groups (122,880 rows) in each table: those go into the file without passing through the log.
  segmentBytes: 128 << 20,
}
