import type { ActivationSpec } from './activation.ts'
import type { EngageResource } from './kinds.ts'
import type { Problem } from './problems.ts'
import { type SpaceSpec, schemasOf } from './space.ts'

/** What works in a resource and may not be meant. */
export function warningsOf(resource: EngageResource): Problem[] {
  switch (resource.kind) {
    case 'EngageSpace':
      return schemaWarnings(resource.spec)
    case 'Activation':
      return deletionWarnings(resource.spec)
    case 'WarehouseDestination':
      return []
  }
}

/** Whoever writes Delete may count on data being gone. */
function deletionWarnings({ classic, deletionPolicy }: ActivationSpec): Problem[] {
  if (!classic || deletionPolicy !== 'Delete') return []
  const message = 'Delete drops no table of classic storage, which belongs to the space: leave it out'
  return [{ path: ['spec', 'deletionPolicy'], message }]
}

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
