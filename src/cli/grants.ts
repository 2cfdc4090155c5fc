import type { WarehouseDestination } from '../model/destination.ts'
import { EngageError } from '../model/errors.ts'
import { findNamed } from '../model/find-named.ts'
import type { Manifests } from '../model/load.ts'
import { schemasOf } from '../model/space.ts'
import { warehouseOf } from '../model/warehouse-block.ts'
import { type Grants, grantsFor } from '../warehouses/grants.ts'
import { EXIT } from './exit-codes.ts'
import { InvalidManifests, readManifests } from './manifests.ts'
import { type OutputFormat, render } from './output.ts'

export interface GrantsOptions {
  filename: string[]
  output: OutputFormat
}

/** Prints what a destination, `NAME` or `NAMESPACE/NAME`, needs in its warehouse: for who may grant it there. */
export async function run({ filename, output }: GrantsOptions, wanted = ''): Promise<number> {
  const manifests = readManifests(filename)
  if (manifests.errors.length > 0) throw new InvalidManifests(manifests.errors)
  const destination = destinationNamed(manifests, wanted)
  const grants = grantsFor(warehouseOf(destination.spec), schemasFor(manifests, destination))
  process.stdout.write(await render(output, grants, () => script(grants)))
  return EXIT.ok.code
}

function destinationNamed({ resources }: Manifests, wanted: string): WarehouseDestination {
  const destinations = resources.flatMap(({ resource }) => (resource.kind === 'WarehouseDestination' ? [resource] : []))
  const named = findNamed('WarehouseDestination', destinations, wanted)
  if ('found' in named) return named.found
  throw new EngageError('DestinationNotFound', 'Stalled', named.message)
}

/** The bookkeeping schema, then those of the spaces that are connected. */
function schemasFor({ resources }: Manifests, { metadata, spec }: WarehouseDestination): string[] {
  const schemas = resources.flatMap(({ resource }) => {
    if (resource.kind !== 'EngageSpace' || resource.metadata.namespace !== metadata.namespace) return []
    return resource.spec.destinations
      .filter(({ name }) => name === metadata.name)
      .flatMap((connection) => Object.values(schemasOf(resource.spec, connection)))
  })
  return [spec.bookkeepingSchema, ...new Set(schemas.sort())]
}

function script({ notes, statements, instead }: Grants): string {
  const alternative =
    instead.length === 0
      ? []
      : ['', '-- Instead of the schemas, if EngageOps may make those of further spaces by itself:']
  return [
    ...notes.map((note) => `-- ${note}`),
    ...statements.map((sql) => `${sql};`),
    ...alternative,
    ...instead.map((sql) => `-- ${sql};`),
    '',
  ].join('\n')
}
