import type { Column, LogicalType, TableName } from '../model/table.ts'
import { standardNames, type TableKind } from '../plan/standard-tables.ts'

/** One of the tables that one lane feeds, with the bit that rows and columns are marked with. */
export interface LaneTarget {
  table: TableName
  kind: TableKind
  bit: number
}

/** Bits of the identify lane: one stage feeds both tables, since every value would be written twice otherwise. */
export const TO_IDENTIFIES = 1
export const TO_USERS = 2
/** The column of the identify lane's stage that is in neither table. */
export const IDENTIFIES_FLAG = 'eo_identifies'
/** Names that no trait can have: `identifies`, `users` and its twin are filled from one stage. */
export const IDENTIFY_RESERVED: ReadonlySet<string> = new Set([
  ...standardNames('Identifies'),
  ...standardNames('UsersTwin'),
  IDENTIFIES_FLAG,
])

/** Adds a standard column to a stage, and tells its position. */
type Add = (name: string, type: LogicalType) => number

/** The standard columns of a stage, and their positions, which lanes are filled by. */
function stage<P>(positionsOf: (add: Add) => P): { columns: readonly Column[]; positions: P } {
  const columns: Column[] = []
  const positions = positionsOf((name, type) => columns.push({ name, type, origin: 'Standard' }) - 1)
  return { columns, positions }
}

const rowColumns = (add: Add) => ({ id: add('id', 'String'), receivedAt: add('received_at', 'Timestamp') })

const callColumns = (add: Add) => ({
  ...rowColumns(add),
  userId: add('user_id', 'String'),
  anonymousId: add('anonymous_id', 'String'),
  sentAt: add('sent_at', 'Timestamp'),
  timestamp: add('timestamp', 'Timestamp'),
  originalTimestamp: add('original_timestamp', 'Timestamp'),
})

const storageActions = stage(rowColumns)
const identify = stage((add) => ({
  ...callColumns(add),
  traitSet: add('trait_set', 'String'),
  flag: add(IDENTIFIES_FLAG, 'Boolean'),
}))
const event = stage((add) => ({
  ...callColumns(add),
  event: add('event', 'String'),
  eventText: add('event_text', 'String'),
}))

export type CallColumns = ReturnType<typeof callColumns>
export const STORAGE_ACTIONS_COLUMNS = storageActions.positions
export const IDENTIFY_COLUMNS = identify.positions
export const EVENT_COLUMNS = event.positions

/** The standard columns that the stage of a lane begins with. */
export function stageColumns(kind: TableKind): readonly Column[] {
  switch (kind) {
    case 'StorageActions':
      return storageActions.columns
    case 'Event':
      return event.columns
    case 'Identifies':
    case 'Users':
    case 'UsersTwin':
      return identify.columns
  }
}
