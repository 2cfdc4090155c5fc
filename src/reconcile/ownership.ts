import { randomUUID } from 'node:crypto'
import type { Activation } from '../model/activation.ts'
import type { TableName, View } from '../model/table.ts'
import { usersTwin } from '../plan/bookkeeping.ts'
import { ownerOf } from '../plan/compile.ts'
import type { Difference, Problem } from '../plan/difference.ts'
import { tableId } from '../plan/registry.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import type { ObjectRow } from '../sync/registry.ts'
import type { Resources } from './context.ts'

export interface Owner {
  id: string
  uid: string
}

/** The tables of the ledger itself, which nobody owns: all of the bookkeeping schema but the twin of `users`. */
export function ledgerTables({ tables, bookkeepingSchema, classic }: WorkOrder): Set<string> {
  const twin = classic && tableId(usersTwin(bookkeepingSchema, classic.schema))
  return new Set(tables.filter(({ schema }) => schema === bookkeepingSchema).map(tableId)).difference(
    new Set(twin === undefined ? [] : [twin]),
  )
}

/** Who uses each table of an order: classic tables belong to the space, those of storage actions to their activations. */
export function ownersOf(
  order: WorkOrder,
  activations: readonly Activation[],
  installationId: string,
): Map<string, Owner[]> {
  const ledger = ledgerTables(order)
  const owners = new Map<string, Owner[]>()
  for (const table of order.tables) if (!ledger.has(tableId(table))) owners.set(tableId(table), [order.owner])
  const byName = new Map(
    activations.filter(({ metadata }) => metadata.namespace === order.namespace).map((it) => [it.metadata.name, it]),
  )
  for (const [id, orders] of Map.groupBy(order.storageActions, ({ table }) => tableId(table))) {
    const users = orders.flatMap(({ name }) => byName.get(name) ?? [])
    owners.set(
      id,
      users.map(({ metadata }) => ownerOf(installationId, 'Activation', metadata)),
    )
  }
  return owners
}

/** The rows of tables, or those of the views beside them. */
export const ofKind = (kind: ObjectRow['kind'], objects: readonly ObjectRow[]): ObjectRow[] =>
  objects.filter((row) => row.kind === kind)

/** Which space each owner that exists belongs to: owners that are gone have no say any more. */
function spacesOfOwners({ spaces, activations }: Resources, installationId: string): Map<string, string> {
  return new Map([
    ...spaces.map(
      ({ metadata }) =>
        [ownerOf(installationId, 'EngageSpace', metadata).id, `${metadata.namespace}/${metadata.name}`] as const,
    ),
    ...activations.map(
      ({ metadata, spec }) =>
        [ownerOf(installationId, 'Activation', metadata).id, `${metadata.namespace}/${spec.spaceRef.name}`] as const,
    ),
  ])
}

/** Tables that another space has already. */
export function ownershipConflicts(
  order: WorkOrder,
  objects: readonly ObjectRow[],
  resources: Resources,
  installationId: string,
): Problem[] {
  const spaces = spacesOfOwners(resources, installationId)
  const mine = `${order.namespace}/${order.space}`
  const wanted = new Set(order.tables.map(tableId))
  const problems = new Map<string, Problem>()
  for (const row of objects) {
    const id = tableId(row)
    const space = spaces.get(row.owner)
    if (!wanted.has(id) || space === undefined || space === mine) continue
    const message = `${id}: the table belongs to EngageSpace ${space}: use another table or schema`
    problems.set(id, { table: { schema: row.schema, name: row.name }, reason: 'Conflict', message })
  }
  return [...problems.values()]
}

/** A table or view, with all rows of `objects` that it is to have in place of those that are there. */
export interface NewObjectRows {
  table: TableName
  rows: ObjectRow[]
}

/** Tables whose rows in `objects` must be written anew, with all rows that each must have. */
export function newObjectRows(
  { changes, usable }: Pick<Difference, 'changes' | 'usable'>,
  objects: readonly ObjectRow[],
  owners: ReadonlyMap<string, Owner[]>,
  now: string,
): NewObjectRows[] {
  const made = new Set(changes.flatMap((change) => (change.kind === 'CreateTable' ? [tableId(change.table)] : [])))
  const known = Map.groupBy(ofKind('Table', objects), tableId)
  return usable.flatMap((table) => {
    const id = tableId(table)
    const wanted = owners.get(id)
    if (!wanted) return []
    const rows = known.get(id) ?? []
    if (isComplete(rows, wanted) && !made.has(id)) return []
    // All rows of one table share its incarnation, which changes when the table is made again: then it is filled again.
    const incarnation = made.has(id) ? randomUUID() : (rows[0]?.incarnation ?? randomUUID())
    const created = made.has(id) || rows.some((row) => row.created)
    return [{ table, rows: objectRows(table, rows, wanted, { kind: 'Table', created, incarnation }, now) }]
  })
}

/** The same of views, which belong to whom their tables belong to: a table that a sync made to the space. */
export function newViewRows(
  views: readonly { view: View; fingerprint: string }[],
  objects: readonly ObjectRow[],
  owners: ReadonlyMap<string, Owner[]>,
  space: Owner,
  now: string,
): NewObjectRows[] {
  const known = Map.groupBy(ofKind('View', objects), tableId)
  return views.flatMap(({ view, fingerprint }) => {
    const wanted = owners.get(tableId(view.of)) ?? [space]
    const rows = known.get(tableId(view)) ?? []
    if (isComplete(rows, wanted) && rows.every((row) => row.incarnation === fingerprint)) return []
    const made = { kind: 'View', created: true, incarnation: fingerprint } as const
    return [{ table: view, rows: objectRows(view, rows, wanted, made, now) }]
  })
}

const isComplete = (rows: readonly ObjectRow[], owners: readonly Owner[]): boolean =>
  owners.every((owner) => rows.some((row) => row.owner === owner.id && row.uid === owner.uid))

function objectRows(
  { schema, name }: TableName,
  rows: readonly ObjectRow[],
  owners: readonly Owner[],
  shared: Pick<ObjectRow, 'kind' | 'created' | 'incarnation'>,
  now: string,
): ObjectRow[] {
  const others = rows.filter((row) => !owners.some((owner) => owner.id === row.owner))
  return [
    ...others.map((row) => ({ ...row, ...shared })),
    ...owners.map(({ id, uid }) => {
      const createdAt = rows.find((row) => row.owner === id)?.createdAt ?? now
      return { schema, name, owner: id, uid, createdAt, ...shared }
    }),
  ]
}
