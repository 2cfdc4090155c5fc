/** How long a statement may take, in milliseconds: the server ends it then. */
export const STATEMENT_MS = 30 * 60_000

/**
 * What is said of a statement that was ended then: `told` are the server's words, which may know of a shorter limit. It would
 * take as long, and cost as much, if it were tried again: a person has to do something.
 */
export const tookTooLong = (told: string, fix: string): string =>
  `a statement took longer than ${STATEMENT_MS / 60_000} min, or than the server allows (${told}): ${fix}`
