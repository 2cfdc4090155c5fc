/**
 * How long a statement may take where there are no transactions: nothing but its end stops what a client that is gone
 * has left running, so that others wait for it. See lease.ts.
 */

/** The server ends a statement then, in milliseconds. */
export const STATEMENT_MS = 30 * 60_000

/**
 * One that did not begin, or failed for a passing reason, is sent again so long after it was first sent. A warehouse that
 * has stopped takes some minutes to start.
 */
export const RETRY_MS = 10 * 60_000
