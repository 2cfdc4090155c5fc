import type { IdentifierRules } from '../../engage/identifiers.ts'
import type { Capabilities } from '../port.ts'

/** Snowflake counts characters, of which snake_case has one a byte; every word can be a name in quotes. */
export const identifiers: IdentifierRules = { maxBytes: 255, reserved: new Set() }

export const capabilities: Capabilities = {
  // DDL commits the transaction that is open.
  transactionalDdl: false,
  transactions: true,
  exactFloat: false,
  rejectsNul: false,
  metered: true,
  prunesByTime: true,
  localOnly: false,
  // Snowflake names no limit; plans and metadata get slow far beyond this.
  maxColumns: 2000,
  // A commit is a dozen statements of a second each, whatever its size.
  segmentBytes: 128 << 20,
  maxTextBytes: 16 << 20,
}
