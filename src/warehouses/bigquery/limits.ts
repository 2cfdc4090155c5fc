import type { IdentifierRules } from '../../engage/identifiers.ts'
import type { Capabilities } from '../port.ts'

/** Columns have 300 characters at most, datasets and tables more; every word can be a name in backticks. */
export const identifiers: IdentifierRules = { maxBytes: 300, reserved: new Set() }

export const capabilities: Capabilities = {
  transactionalDdl: false,
  // A transaction of several jobs needs a session, which a client that dies leaves open for a day, with its locks.
  transactions: false,
  exactFloat: false,
  rejectsNul: false,
  metered: true,
  prunesByTime: true,
  localOnly: false,
  // The text of a statement has 1 MB, and the merge of events has some 250 characters and 25 times its name for a column.
  maxColumns: 750,
  // Each merge reads the days around its rows, and is paid for that: few large ones are cheaper.
  segmentBytes: 256 << 20,
}
