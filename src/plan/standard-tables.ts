import type { Column, LogicalType, Table, TableName } from '../model/table.ts'

/** The kinds of table that calls land in, each with the columns that EngageOps always makes, in order, and its key. */
const STANDARD = {
  Identifies: {
    key: ['id'],
    columns: {
      id: 'String',
      received_at: 'Timestamp',
      uuid_ts: 'Timestamp',
      user_id: 'String',
      anonymous_id: 'String',
      sent_at: 'Timestamp',
      timestamp: 'Timestamp',
      original_timestamp: 'Timestamp',
    },
  },
  Users: {
    key: ['id'],
    columns: { id: 'String', user_id: 'String', received_at: 'Timestamp', uuid_ts: 'Timestamp' },
  },
  UsersTwin: {
    key: ['user_id', 'trait_set'],
    columns: { user_id: 'String', trait_set: 'String', received_at: 'Timestamp', timestamp: 'Timestamp', id: 'String' },
  },
  Event: {
    key: ['id'],
    columns: {
      id: 'String',
      received_at: 'Timestamp',
      uuid_ts: 'Timestamp',
      user_id: 'String',
      anonymous_id: 'String',
      event: 'String',
      event_text: 'String',
      sent_at: 'Timestamp',
      timestamp: 'Timestamp',
      original_timestamp: 'Timestamp',
    },
  },
  StorageActions: { key: ['id'], columns: { id: 'String', received_at: 'Timestamp', uuid_ts: 'Timestamp' } },
} satisfies Record<string, { key: string[]; columns: Record<string, LogicalType> }>

export type TableKind = keyof typeof STANDARD

/** A table of a kind: its standard columns, then the given ones. */
export function tableOf(kind: TableKind, name: TableName, columns: readonly Column[] = []): Table {
  return {
    schema: name.schema,
    name: name.name,
    key: [...STANDARD[kind].key],
    columns: [...standardColumns(kind), ...columns],
  }
}

export const standardColumns = (kind: TableKind): Column[] =>
  Object.entries(STANDARD[kind].columns).map(([name, type]) => ({ name, type, origin: 'Standard' }))

/** Names that a property may not take in tables of the kind: it gets a `_` prefix. */
export const standardNames = (kind: TableKind): ReadonlySet<string> => new Set(Object.keys(STANDARD[kind].columns))
