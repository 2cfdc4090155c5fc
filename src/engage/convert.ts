import { snakeCase } from '../model/snake-case.ts'
import type { TableName } from '../model/table.ts'
import { standardNames, type TableKind } from '../plan/standard-tables.ts'
import type { WorkOrder } from '../plan/work-order.ts'
import { asObject, type Call } from './call.ts'
import { tableIdentifier } from './identifiers.ts'
import { type CallIdentity, identify } from './identity.ts'
import { Lane, type LaneColumn, type LaneListener, type LanePolicy, type LaneSink } from './lane.ts'
import type { PreparedMapping } from './mapping.ts'
import type { NoteCode } from './notes.ts'
import { parseCall } from './parse-call.ts'
import { compileRouter, type Route, type Router, triggersOf } from './route.ts'
import {
  type CallColumns,
  EVENT_COLUMNS,
  IDENTIFY_COLUMNS,
  IDENTIFY_RESERVED,
  type LaneTarget,
  STORAGE_ACTIONS_COLUMNS,
  TO_IDENTIFIES,
  TO_USERS,
} from './stage-columns.ts'
import { mendText } from './text.ts'

/** A lane and what its stage is merged into. */
export interface LaneOutput {
  lane: Lane
  targets: LaneTarget[]
}

/** Where a line stands: for discards, and to know which subscriptions have read it already. */
export interface LinePlace {
  source: string
  object: string
  version: string
  /** Byte offset in the decompressed object. */
  position: number
  /** Line number from 1; absent where reading began in the middle of the object. */
  line?: number
  bytes: Buffer
  /** Position that each subscription has reached in the object, by its number. */
  reached: Float64Array
  /** ISO 8601: when the object was first seen, for calls that tell no time. */
  firstSeen: string
}

/** A value or call that was changed or could not be loaded. */
export interface Finding {
  table: string
  column: string
  note: NoteCode
  /** Whether the original goes to discards. */
  keep: boolean
  value: unknown
  rowId: string
  place: LinePlace
}

export interface ConvertCounts {
  calls: number
  /** Calls of no computation of this space. */
  unrouted: number
  /** Calls that are neither identify nor track. */
  otherTypes: number
  garbage: number
}

export interface ConverterParts {
  order: WorkOrder
  /** Mappings of the storage actions, by name of the activation. */
  mappings: ReadonlyMap<string, PreparedMapping>
  /** Columns of a lane at the start, standard columns of the stage first. */
  columnsOf(targets: readonly LaneTarget[]): LaneColumn[]
  policyOf(targets: readonly LaneTarget[]): LanePolicy
  sinkOf(name: string): LaneSink
  isDisabled(table: string): boolean
  onFinding(finding: Finding): void
  /** Told of each column that a call has a value for and a table no room. */
  onOverflow(column: string): void
}

/** Turns calls into rows of lanes: the whole of "call in, rows out", without a warehouse in sight. */
export class Converter implements LaneListener {
  readonly router: Router
  readonly outputs = new Map<string, LaneOutput>()
  readonly counts: ConvertCounts = { calls: 0, unrouted: 0, otherTypes: 0, garbage: 0 }
  readonly #parts: ConverterParts
  readonly #eventTables = new Map<string, string>()
  readonly #identifyLane: IdentifyLane | undefined
  #place: LinePlace | undefined
  #rowId = ''

  constructor(parts: ConverterParts) {
    this.#parts = parts
    this.router = compileRouter(parts.order)
    this.#identifyLane = parts.order.classic && this.#openIdentifyLane(parts.order.classic.schema)
  }

  /** Converts one line; `text` is what `place.bytes` decodes to. */
  convert(text: string, place: LinePlace): void {
    this.#place = place
    this.#rowId = ''
    const parsed = parseCall(text)
    if ('error' in parsed) {
      this.counts.garbage++
      this.#find('', '', 'NotACall', text, true)
      return
    }
    const { call } = parsed
    this.counts.calls++
    const route = this.router.route(call)
    if (!route) {
      this.counts.unrouted++
      return
    }
    if (call.type !== 'identify' && call.type !== 'track') {
      this.counts.otherTypes++
      return
    }
    const identity = identify(call, place.firstSeen)
    if (typeof identity === 'string') {
      this.#find('', '', identity, text, true)
      return
    }
    this.#rowId = identity.id
    for (const { column, note, value } of identity.notes) this.#find('', column, note, value, false)
    if (call.type === 'identify') this.#identify(call, identity, route, place)
    else this.#track(call, identity, route, place)
  }

  flush(): void {
    for (const { lane } of this.outputs.values()) lane.flush()
  }

  onRefused(table: string, column: string, value: unknown): void {
    this.#find(table, column, 'OtherType', value, true)
  }

  onOverflow(column: string): void {
    this.#parts.onOverflow(column)
  }

  onChanged(lane: Lane, column: string, note: NoteCode, value: unknown, keep: boolean): void {
    this.#find(lane.name, column, note, value, keep)
  }

  #identify(call: Call, identity: CallIdentity, route: Route, place: LinePlace): void {
    const identifyLane = this.#identifyLane
    if (!identifyLane) return
    let targets = 0
    let mobileIds = false
    for (const { activation, subscription } of route.classic) {
      if (isDue(place, subscription) && activation.calls.includes('Identify')) {
        targets |= identifyLane.enabled & TO_IDENTIFIES
        mobileIds ||= activation.sendMobileIds
      }
    }
    if (identity.userId !== undefined && isDue(place, route.users)) targets |= identifyLane.enabled & TO_USERS
    if (targets === 0) return

    const { lane } = identifyLane
    lane.begin(targets)
    this.#setStandard(lane, IDENTIFY_COLUMNS, identity)
    if (targets & TO_IDENTIFIES) lane.set(IDENTIFY_COLUMNS.flag, 'true')
    putBody(lane, call.traits, call.properties)
    putContext(lane, call, mobileIds)
    if (targets & TO_USERS) lane.set(IDENTIFY_COLUMNS.traitSet, lane.traitSet())
    lane.end()
  }

  #track(call: Call, identity: CallIdentity, route: Route, place: LinePlace): void {
    let classic = false
    let mobileIds = false
    for (const { activation, subscription } of route.classic) {
      if (isDue(place, subscription) && activation.calls.includes('Track')) {
        classic = true
        mobileIds ||= activation.sendMobileIds
      }
    }
    if (classic) this.#event(call, identity, mobileIds)

    const triggers = route.storageActions.length > 0 ? triggersOf(call, route.computation) : []
    for (const { activation, subscription } of route.storageActions) {
      if (!isDue(place, subscription) || !activation.triggers.some((trigger) => triggers.includes(trigger))) continue
      if (this.#parts.isDisabled(activation.table.name)) continue
      const mapping = this.#parts.mappings.get(activation.name)
      if (!mapping) throw new RangeError(`no mapping was prepared for ${activation.name}`)
      const columns = this.#map(mapping, call, activation.table.name)
      if (!columns) continue
      const { lane } = this.#open(activation.table, 'StorageActions')
      lane.begin(1)
      lane.set(STORAGE_ACTIONS_COLUMNS.id, identity.id)
      lane.set(STORAGE_ACTIONS_COLUMNS.receivedAt, identity.receivedAt)
      for (const { column, note, value } of identity.lostTimes) {
        if (column === 'received_at') this.#find(lane.name, column, note, value, true)
      }
      lane.putObject('', columns)
      for (const { name, path } of activation.columns) {
        if (!lane.has(name)) lane.putColumn(name, valueAt(call, path))
      }
      lane.end()
    }
  }

  /** The columns of a call; undefined, and the call in discards, when mapping-kit refuses it. */
  #map(mapping: PreparedMapping, call: Call, table: string): Record<string, unknown> | undefined {
    try {
      return mapping(call)
    } catch (error) {
      this.#find(table, '', 'MappingFailed', error instanceof Error ? error.message : String(error), true)
      return undefined
    }
  }

  #event(call: Call, identity: CallIdentity, mobileIds: boolean): void {
    const event = typeof call.event === 'string' ? call.event : ''
    const schema = this.#parts.order.classic?.schema
    if (schema === undefined) return
    const name = this.#eventTables.get(event) ?? this.#nameEventTable(event)
    if (this.#parts.isDisabled(name)) return
    const { lane } = this.#open({ schema, name }, 'Event')
    lane.begin(1)
    this.#setStandard(lane, EVENT_COLUMNS, identity)
    lane.set(EVENT_COLUMNS.event, snakeCase(event))
    lane.set(EVENT_COLUMNS.eventText, plainText(event))
    putBody(lane, call.properties, call.traits)
    putContext(lane, call, mobileIds)
    lane.end()
  }

  #setStandard(lane: Lane, columns: CallColumns, identity: CallIdentity): void {
    lane.set(columns.id, identity.id)
    lane.set(columns.receivedAt, identity.receivedAt)
    lane.set(columns.userId, identity.userId)
    lane.set(columns.anonymousId, identity.anonymousId)
    lane.set(columns.sentAt, identity.sentAt)
    lane.set(columns.timestamp, identity.timestamp)
    lane.set(columns.originalTimestamp, identity.originalTimestamp)
    for (const { column, note, value } of identity.lostTimes) this.#find(lane.name, column, note, value, true)
  }

  #nameEventTable(event: string): string {
    const name = tableIdentifier(event, this.#parts.policyOf([]).identifiers)
    this.#eventTables.set(event, name)
    return name
  }

  #open(table: TableName, kind: TableKind): LaneOutput {
    const name = `${table.schema}.${table.name}`
    const known = this.outputs.get(name)
    if (known) return known
    return this.#openLane(table.name, name, [{ table, kind, bit: 1 }], standardNames(kind))
  }

  #openIdentifyLane(schema: string): IdentifyLane {
    const targets: LaneTarget[] = [
      { table: { schema, name: 'identifies' }, kind: 'Identifies', bit: TO_IDENTIFIES },
      { table: { schema, name: 'users' }, kind: 'Users', bit: TO_USERS },
    ]
    const { lane } = this.#openLane('identifies', `${schema}.identifies`, targets, IDENTIFY_RESERVED)
    let enabled = 0
    for (const { table, bit } of targets) if (!this.#parts.isDisabled(table.name)) enabled |= bit
    return { lane, enabled }
  }

  #openLane(name: string, id: string, targets: LaneTarget[], reserved: ReadonlySet<string>): LaneOutput {
    const { columnsOf, policyOf, sinkOf } = this.#parts
    const lane = new Lane({
      name,
      columns: columnsOf(targets),
      reserved,
      policy: policyOf(targets),
      listener: this,
      sink: sinkOf(id),
    })
    const output = { lane, targets }
    this.outputs.set(id, output)
    return output
  }

  #find(table: string, column: string, note: NoteCode, value: unknown, keep: boolean): void {
    const place = this.#place
    if (place) this.#parts.onFinding({ table, column, note, value, keep, rowId: this.#rowId, place })
  }
}

interface IdentifyLane {
  lane: Lane
  /** Bits of the tables that selective sync leaves in. */
  enabled: number
}

/** Whether a subscription has not read the line yet. */
const isDue = (place: LinePlace, subscription: number): boolean => place.position >= (place.reached[subscription] ?? 0)

/** The seed's track examples carry `traits`, all others `properties`: the usual one is read first, both load. */
function putBody(lane: Lane, usual: unknown, other: unknown): void {
  const body = asObject(usual)
  if (body) lane.putObject('', body)
  const second = asObject(other)
  if (second) lane.putObject('', second)
}

function putContext(lane: Lane, call: Call, mobileIds: boolean): void {
  const context = asObject(call.context)
  if (!context) return
  lane.putObject('context', context)
  const device = mobileIds ? asObject(context.device) : undefined
  if (device?.adTrackingEnabled === false || typeof device?.advertisingId !== 'string') return
  const key = device.type === 'android' ? 'android_idfa' : device.type === 'ios' ? 'ios_idfa' : undefined
  if (key && !lane.has(key)) lane.putObject('', { [key]: device.advertisingId })
}

/** Text that any warehouse can store. */
function plainText(text: string): string {
  const mended = mendText(text, true)
  return typeof mended === 'string' ? mended : (mended.text ?? '')
}

function valueAt(call: Call, path: string): unknown {
  let value: unknown = call
  for (const key of path
    .replace(/^\$\.?/, '')
    .replaceAll(/\[(\d+)\]/g, '.$1')
    .split('.')) {
    if (typeof value !== 'object' || value === null) return undefined
    value = Reflect.get(value, key)
  }
  return value
}
