/**
 * How long a statement may take, in milliseconds: the server ends it then. Where there are no transactions nothing else stops
 * what a client that is gone has left running, so that others wait for it: see lease.ts.
 */
export const STATEMENT_MS = 30 * 60_000

/**
 * Where there are no transactions, one that did not begin, or failed for a passing reason, is sent again so long after it was
 * first sent, in milliseconds. A warehouse that has stopped takes some minutes to start.
 */
export const RETRY_MS = 10 * 60_000

/**
 * What is said of a statement that was ended then: `told` are the server's words, which may know of a shorter limit. It would
 * take as long, and cost as much, if it were tried again: a person has to do something.
 */
export const tookTooLong = (told: string, fix: string): string =>
  `a statement took longer than ${STATEMENT_MS / 60_000} min, or than the server allows (${told}): ${fix}`
