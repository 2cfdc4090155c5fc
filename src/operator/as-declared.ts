/** Amounts such as `1024Mi` come back in another spelling. */
const OTHER_SPELLINGS: ReadonlySet<string> = new Set(['resources'])

/**
 * Whether an object of the API server still has all that was declared. It may have more: defaults, and fields that
 * nobody declared. What is declared empty may be absent.
 */
export function isAsDeclared(declared: unknown, found: unknown): boolean {
  if (Array.isArray(declared)) {
    const items: readonly unknown[] = Array.isArray(found) ? found : []
    return items.length === declared.length && declared.every((item, index) => isAsDeclared(item, items[index]))
  }
  if (typeof declared !== 'object' || declared === null) return declared === found
  const fields = new Map<string, unknown>(typeof found === 'object' && found !== null ? Object.entries(found) : [])
  return Object.entries(declared).every(
    ([key, value]) => value === undefined || OTHER_SPELLINGS.has(key) || isAsDeclared(value, fields.get(key)),
  )
}
