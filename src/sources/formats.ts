/** How the lines of an object stand in it. */
export type Format = 'Plain' | 'Compressed'

const PLAIN = /\.(ndjson|jsonl)$/
const COMPRESSED = /\.(ndjson|jsonl|json)\.(gz|zst)$/
/** Segment's S3 destination: `segment-logs/<source>/<day in ms>/<name>.gz`. */
const SEGMENT_LOG = /(^|\/)\d{13}\/[^/]+\.gz$/

/**
 * The format of an object by its key; undefined: it holds no calls. A plain `.json` may as well be a manifest and is
 * left alone, and so are names that start with a dot: writers can rename into place.
 */
export function formatOf(key: string): Format | undefined {
  if (/(^|\/)\./.test(key)) return undefined
  if (PLAIN.test(key)) return 'Plain'
  return COMPRESSED.test(key) || SEGMENT_LOG.test(key) ? 'Compressed' : undefined
}
