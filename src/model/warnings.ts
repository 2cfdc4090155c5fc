import type { EngageResource } from './kinds.ts'
import type { Problem } from './problems.ts'
import { type SpaceSpec, schemasOf } from './space.ts'

/** What works in a resource and may not be meant. */
export const warningsOf = (resource: EngageResource): Problem[] =>
  resource.kind === 'EngageSpace' ? schemaWarnings(resource.spec) : []

/** Schemas that work but that other things use too. */
function schemaWarnings(space: SpaceSpec): Problem[] {
  return space.destinations.flatMap((connection, index) =>
    Object.entries(schemasOf(space, connection)).flatMap(([storage, schema]) => {
      if (!/^(public|main)$/i.test(schema)) return []
      const message = `the ${storage} schema is ${schema}, which other tables stand in too: a schema of its own is safer`
      return [{ path: ['spec', 'destinations', index], message }]
    }),
  )
}
