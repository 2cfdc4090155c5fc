import type { Activation } from '../model/activation.ts'
import type { WarehouseDestination } from '../model/destination.ts'
import type { EngageResource } from '../model/kinds.ts'
import type { EngageSpace } from '../model/space.ts'
import type { Condition, RunSummary } from '../model/status.ts'
import { warehouseOf } from '../model/warehouse-block.ts'
import { formatAge, formatCount, formatNext } from './quantities.ts'
import { type Cell, printable, renderTable, type Style } from './table.ts'

export interface ViewOptions {
  now: Date
  colour?: boolean
}

/** One table for each kind that there is, as `kubectl get` prints them; then what is to be known of ready resources. */
export function renderStatus(resources: readonly EngageResource[], { now, colour = false }: ViewOptions): string {
  const namespaces = new Set(resources.map(({ metadata }) => metadata.namespace))
  const named = (rows: Row[]) => (namespaces.size > 1 ? rows.map(withNamespace) : rows)
  const tables = [
    { kind: 'WarehouseDestination', rows: named(resources.filter(isDestination).map((it) => destinationRow(it, now))) },
    { kind: 'EngageSpace', rows: named(resources.filter(isSpace).map((it) => spaceRow(it, now))) },
    { kind: 'Activation', rows: named(resources.filter(isActivation).map((it) => activationRow(it, now))) },
  ]
  const shown = tables.flatMap(({ kind, rows }) =>
    rows[0] ? [`${kind}\n${renderRows(Object.keys(rows[0].cells), rows, colour)}`] : [],
  )
  const notes = resources.flatMap((resource) => noteOn(resource, namespaces.size > 1))
  return [...shown, ...(notes.length > 0 ? [notes.join('')] : [])].join('\n')
}

/** What is wrong with the tables of a resource although it is ready: its row does not show it. */
function noteOn({ kind, metadata, status }: EngageResource, isNamespaced: boolean): string[] {
  const conditionOf = (name: string) => status?.conditions.find(({ type }) => type === name)
  const schema = conditionOf('SchemaReady')
  if (conditionOf('Ready')?.status !== 'True' || schema?.status !== 'False') return []
  const name = isNamespaced ? `${metadata.namespace}/${metadata.name}` : metadata.name
  return [`note: ${kind}/${name}: ${schema.reason}: ${printable(schema.message)}\n`]
}

interface Row {
  namespace: string
  cells: Record<string, Cell>
}

const withNamespace = ({ namespace, cells }: Row): Row => ({ namespace, cells: { namespace, ...cells } })

const renderRows = (headers: string[], rows: Row[], colour: boolean): string =>
  renderTable(
    headers,
    rows.map(({ cells }) => Object.values(cells)),
    colour,
  )

const isDestination = (resource: EngageResource) => resource.kind === 'WarehouseDestination'
const isSpace = (resource: EngageResource) => resource.kind === 'EngageSpace'
const isActivation = (resource: EngageResource) => resource.kind === 'Activation'

function destinationRow({ metadata, spec, status }: WarehouseDestination, now: Date): Row {
  const state = status?.connection?.state
  return {
    namespace: metadata.namespace,
    cells: {
      name: metadata.name,
      ...readiness(status?.conditions),
      type: warehouseOf(spec).kind,
      connection: state === undefined ? '<unknown>' : { text: state, style: state === 'Connected' ? 'green' : 'red' },
      activations: String(status?.activations ?? 0),
      age: formatAge(metadata.creationTimestamp, now),
    },
  }
}

function spaceRow({ metadata, status }: EngageSpace, now: Date): Row {
  const schemas = new Set(status?.schemas.flatMap(({ classic, storageActions }) => [classic, storageActions]))
  return {
    namespace: metadata.namespace,
    cells: {
      name: metadata.name,
      ...readiness(status?.conditions),
      schemas: [...schemas].join(', ') || '<none>',
      'last sync': lastSync(status?.lastSync, now),
      next: formatNext(status?.nextSyncTime, now),
      age: formatAge(metadata.creationTimestamp, now),
    },
  }
}

function activationRow({ metadata, spec, status }: Activation, now: Date): Row {
  const [table, ...others] = status?.tables ?? []
  return {
    namespace: metadata.namespace,
    cells: {
      name: metadata.name,
      ...readiness(status?.conditions),
      destination: spec.destinationRef.name,
      table: table ? `${table.schema}.${table.name}${others.length > 0 ? ` +${others.length}` : ''}` : '<none>',
      'last sync': lastSync(status?.lastSync, now),
      rows: status?.lastSync ? formatCount(status.lastSync.rows) : '<none>',
      next: formatNext(status?.nextSyncTime, now),
      age: formatAge(metadata.creationTimestamp, now),
    },
  }
}

const READY_STYLE = { True: 'green', False: 'red', Unknown: 'yellow' } as const satisfies Record<string, Style>

function readiness(conditions: readonly Condition[] = []): { ready: Cell; reason: Cell } {
  const ready = conditions.find(({ type }) => type === 'Ready')
  if (!ready) return { ready: 'Unknown', reason: '<none>' }
  return { ready: { text: ready.status, style: READY_STYLE[ready.status] }, reason: ready.reason }
}

export const RUN_STYLE = { Success: 'green', Partial: 'yellow', Failure: 'red' } as const satisfies Record<
  RunSummary['status'],
  Style
>

function lastSync(run: RunSummary | undefined, now: Date): Cell {
  return run ? { text: `${run.status} ${formatAge(run.end, now)} ago`, style: RUN_STYLE[run.status] } : '<never>'
}
