/** A call as it came in: nothing is certain of it but that it is a JSON object. */
export type Call = Record<string, unknown>

/** The value as an object to look into; undefined for arrays and everything else. */
export function asObject(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : undefined
}
