import { z } from 'zod'

const names = z.looseObject({ name: z.string() })

/** Names of the Secrets that a configuration refers to, in order: the fields whose names end in SecretRef. */
export function secretReferences(config: unknown): string[] {
  const found = new Set<string>()
  const walk = (value: unknown) => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, item] of Object.entries(value)) {
      const reference = key.endsWith('SecretRef') ? names.safeParse(item).data : undefined
      if (reference) found.add(reference.name)
      else walk(item)
    }
  }
  walk(config)
  return [...found].sort()
}
