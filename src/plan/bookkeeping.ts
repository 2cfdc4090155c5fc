import type { LogicalType, Table, TableName } from '../model/table.ts'

type Layout = { key: string[]; columns: Record<string, LogicalType> }

/**
 * The ledger. `objects`, `discards` and `columns` are data to back up; the rest can be rebuilt from the sources.
 * docs/ledger.md tells people what each column means.
 */
const LAYOUT = {
  /** Which installation, layout version and warehouse this schema belongs to. */
  meta: { key: ['name'], columns: { name: 'String', value: 'String' } },
  /** Who may write: one row per scope (namespace/space/destination). */
  leases: {
    key: ['scope'],
    columns: { scope: 'String', holder: 'String', epoch: 'Integer', expires_at: 'Timestamp' },
  },
  /**
   * Which resources use which table, and whether EngageOps made it; `incarnation` changes when it is made again. The view
   * beside a table has rows like it: `kind` tells the two apart, the incarnation of a view says what it was made from.
   */
  objects: {
    key: ['schema_name', 'table_name', 'owner'],
    columns: {
      schema_name: 'String',
      table_name: 'String',
      kind: 'String',
      owner: 'String',
      owner_uid: 'String',
      created: 'Boolean',
      incarnation: 'String',
      created_at: 'Timestamp',
    },
  },
  /** Every column that EngageOps made or took over: without it drift could not tell a sync's column from a person's. */
  columns: {
    key: ['schema_name', 'table_name', 'column_name'],
    columns: {
      schema_name: 'String',
      table_name: 'String',
      column_name: 'String',
      source_name: 'String',
      type: 'String',
      origin: 'String',
      first_run: 'String',
      created_at: 'Timestamp',
    },
  },
  /** One row per run and collection. */
  runs: {
    key: ['run_id', 'collection'],
    columns: {
      run_id: 'String',
      scope: 'String',
      collection: 'String',
      started_at: 'Timestamp',
      ended_at: 'Timestamp',
      status: 'String',
      row_count: 'Integer',
      discard_count: 'Integer',
      new_columns: 'Json',
      notices: 'Json',
    },
  },
  /** How far each source object was read for a set of subscriptions; only ever appended to. */
  checkpoints: {
    key: [],
    columns: {
      scope: 'String',
      source: 'String',
      object: 'String',
      version: 'String',
      subscriptions: 'String',
      position: 'Integer',
      first_seen_at: 'Timestamp',
      run_id: 'String',
      created_at: 'Timestamp',
    },
  },
  /** From where on the sources of a scope are listed again: `marks` by source and series of dated folders. */
  listings: {
    key: ['scope'],
    columns: { scope: 'String', order_hash: 'String', tables_hash: 'String', marks: 'Json' },
  },
  /** What a subscription set's hash in `checkpoints` stands for: a JSON array of names. */
  subscription_sets: { key: ['hash'], columns: { hash: 'String', members: 'Json' } },
  /**
   * Values and calls that could not be loaded, with where they stand in the source. `raw` is base64, capped. A call can
   * lose several values of one column: `value_hash` tells them apart, the same however often the call is read.
   */
  discards: {
    key: ['scope', 'source', 'object', 'version', 'position', 'table_name', 'column_name', 'value_hash'],
    columns: {
      scope: 'String',
      source: 'String',
      object: 'String',
      version: 'String',
      position: 'Integer',
      line: 'Integer',
      table_name: 'String',
      column_name: 'String',
      value_hash: 'String',
      row_id: 'String',
      reason: 'String',
      value: 'String',
      raw: 'String',
      run_id: 'String',
      created_at: 'Timestamp',
    },
  },
} satisfies Record<string, Layout>

export type BookkeepingName = keyof typeof LAYOUT

export function bookkeepingTable(schema: string, name: BookkeepingName): Table {
  const { key, columns } = LAYOUT[name]
  return {
    schema,
    name,
    key: [...key],
    columns: Object.entries(columns).map(([column, type]) => ({ name: column, type, origin: 'Standard' })),
  }
}

export const bookkeepingTables = (schema: string): Table[] =>
  (Object.keys(LAYOUT) as BookkeepingName[]).map((name) => bookkeepingTable(schema, name))

/** The twin of a `users` table: see UsersMerge in warehouses/port.ts. */
export const usersTwin = (bookkeepingSchema: string, classicSchema: string): TableName => ({
  schema: bookkeepingSchema,
  name: `users_of_${classicSchema}`,
})
