import type { IdentifierRules } from '../engage/identifiers.ts'
import { schemasOf } from '../model/space.ts'
import type { TableName } from '../model/table.ts'
import { columnsOf, storageTable } from '../plan/activation-tables.ts'
import { computationsOf, findComputation } from '../plan/computations.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { Pair } from './schema.ts'

/**
 * Whether a column stays although no table wants it now: its computation is still declared, or its activation still
 * there (suspended, or in conflict). Only what was taken out of the resources for good may be dropped.
 */
export function retainedColumns(
  { space, destination, resources }: Pair,
  order: WorkOrder,
  identifiers: IdentifierRules,
): (table: TableName, column: string) => boolean {
  const computations = computationsOf(space.spec)
  const classic = new Set(computations.flatMap((computation) => columnsOf(computation, identifiers)))
  const stored = new Map<string, Set<string>>()
  const connection = space.spec.destinations.find(({ name }) => name === destination.metadata.name)
  for (const { metadata, spec } of resources.activations) {
    if (!spec.storageActions || !connection || metadata.namespace !== order.namespace) continue
    if (spec.spaceRef.name !== order.space || spec.destinationRef.name !== order.destination) continue
    const computation = findComputation(computations, spec)
    if (!computation) continue
    const table = storageTable(spec.storageActions, computation, schemasOf(space.spec, connection), identifiers)
    const names = stored.get(tableId(table)) ?? new Set()
    for (const { name } of table.columns) names.add(name)
    stored.set(tableId(table), names)
  }
  return (table, column) => stored.get(tableId(table))?.has(column) ?? classic.has(column)
}
