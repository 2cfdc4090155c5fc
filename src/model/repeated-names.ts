import type { EngageResource } from './kinds.ts'

/** A resource, and where it stands, as people know the place. */
export interface PlacedResource {
  resource: EngageResource
  place: string
}

/** The resources whose kind, namespace and name an earlier one has already, each with the words for it. */
export function repeatedNames<T extends PlacedResource>(resources: readonly T[]): { repeated: T; message: string }[] {
  const first = new Map<string, T>()
  return resources.flatMap((placed) => {
    const { kind, metadata } = placed.resource
    const id = `${kind}/${metadata.namespace}/${metadata.name}`
    const earlier = first.get(id)
    if (!earlier) {
      first.set(id, placed)
      return []
    }
    const message = `stands in ${earlier.place} too: keep one of them, or give this one another name`
    return [{ repeated: placed, message }]
  })
}
