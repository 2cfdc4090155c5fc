/** How often a file is sent to a storage that does not take it. */
const ATTEMPTS = 4

/** The milliseconds to wait before a file is sent again, longer each time; undefined once it was sent often enough. */
export const uploadPause = (attempt: number): number | undefined =>
  attempt >= ATTEMPTS ? undefined : 500 * 2 ** attempt * (0.5 + Math.random() / 2)
