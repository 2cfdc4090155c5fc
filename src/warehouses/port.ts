import type { IdentifierRules } from '../engage/identifiers.ts'
import type { EngageError } from '../model/errors.ts'
import type { SecretKeyReference } from '../model/resource.ts'
import type { Column, LogicalType, Table, TableName, TypedColumn, View } from '../model/table.ts'
import type { WarehouseBlock, WarehouseKind } from '../model/warehouse-block.ts'
import type { Change, ViewChange } from '../plan/change.ts'
import type { Observed, ObservedColumn, ObservedTable } from '../plan/observed.ts'

/** What a warehouse is, before anybody connects: pure, made from the destination's block. */
export interface Warehouse {
  readonly kind: WarehouseKind
  readonly dialect: Dialect
  readonly capabilities: Capabilities
  /** What makes it this database and no other (account + database, host + database, path): no secret in it. */
  readonly identity: string
  /** The view that is to stand beside a table of calls or users; absent where the destination asks for none. */
  viewOf?(table: Table): View
  /**
   * Finds out whether the credentials are accepted, and starts nothing that costs money. Present where a session does.
   * Throws EngageError.
   */
  authenticate?(signal?: AbortSignal): Promise<void>
  /** What statements would read; present where they are paid by that. Nothing is run or paid for it. */
  readonly estimator?: Estimator
  /** Opens a session, within the deadline. Throws EngageError with a reason of the catalogue. */
  connect(signal?: AbortSignal): Promise<Session>
}

export interface Estimator {
  /** A SELECT in parentheses that stands for a stage of these columns: a merge with it reads what one with a stage does. */
  standIn(columns: readonly TypedColumn[]): string
  /** The bytes that each statement would read, or why that cannot be told. Throws EngageError where nothing can. */
  bytesOf(statements: readonly string[], signal?: AbortSignal): Promise<(number | EngageError)[]>
}

/** What a driver folder exports to the registry: its code is imported when a destination of its kind is used. */
export interface WarehouseDriver<K extends WarehouseKind = WarehouseKind> {
  create(settings: Extract<WarehouseBlock, { kind: K }>['settings'], environment: WarehouseEnvironment): Warehouse
}

/** What a driver may ask of its surroundings. */
export interface WarehouseEnvironment {
  /** Reads a secret at the moment of use; never kept. Throws EngageError SecretNotFound. */
  secret(reference: SecretKeyReference): Promise<string>
  /** Folder that relative paths of the manifest are relative to. */
  baseDir: string
  /** Memory that a warehouse inside this process may use, such as `1GB`. Default: 256MB. */
  memoryLimit?: string
}

export interface Capabilities {
  /** DDL takes part in transactions. */
  transactionalDdl: boolean
  /** Data of several tables can be committed together. */
  transactions: boolean
  /** Float columns keep any decimal text exactly; elsewhere they are IEEE doubles. */
  exactFloat: boolean
  /** U+0000 cannot be stored in text. */
  rejectsNul: boolean
  /** Every statement costs money: no drift loop, probes only authenticate. */
  metered: boolean
  /** Ids are looked up only near the `received_at` of the stage: whole tables would be read otherwise. See EventsMerge. */
  prunesByTime: boolean
  /** Only the local mode can use it. */
  localOnly: boolean
  /** Default of schemaPolicy.maxColumns. */
  maxColumns: number
  /** Size at which a segment is committed, in bytes of stage files. */
  segmentBytes: number
  /** Largest text in bytes that a column takes; absent: no limit that a call could reach. */
  maxTextBytes?: number
}

/** The SQL of a warehouse: pure functions, golden-tested. Identifiers go in lower case and unquoted. */
export interface Dialect {
  readonly identifiers: IdentifierRules
  /** A quoted identifier. */
  quote(identifier: string): string
  /** A quoted `schema.table`. */
  table(name: TableName): string
  /** A literal of a column type; `null` is NULL. Timestamps are ISO 8601 text in UTC, Json is JSON text. */
  literal(value: string | null, type: LogicalType): string
  /** The rows to insert into these columns, where VALUES does not take what `literal` gives; VALUES of literals otherwise. */
  rows?(columns: readonly TypedColumn[], rows: readonly (readonly (string | null)[])[]): string
  sqlType(type: LogicalType): string
  /** The logical type of a SQL type as `observe` tells it; undefined where there is none. */
  logicalType(sqlType: string): LogicalType | undefined
  /** Whether a column can be widened in place. */
  canWiden(from: LogicalType, to: LogicalType): boolean
  /**
   * The statements of a change, in order. Every one can run again after a crash: none fails where its work is done, or the
   * session takes its failing for that. Only RenameColumn and WidenColumn need not, where DDL takes part in transactions:
   * `observe` tells whether they took place.
   */
  change(change: Change): string[]
  /** Adds columns to a table in few statements, where the warehouse has such and each would cost time; as `change` otherwise. */
  addColumns?(table: TableName, columns: readonly Column[]): string[]
  /** The statements of a change of a view, each of which can run again; present where a warehouse has a `viewOf`. */
  viewChange?(change: ViewChange): string[]
  /** Puts the rows of a stage into a table keyed by `id`: the newest of each id stays. See EventsMerge. */
  mergeEvents(merge: EventsMerge): Statement[]
  /**
   * Puts the rows of a stage into the per-user table and its twin, in portions of users: each may be committed by itself,
   * since a merge can come again. See UsersMerge.
   */
  mergeUsers(merge: UsersMerge): Statement[][]
  /** Inserts the rows of a stage whose key is not there yet. */
  insertMissing(merge: { target: Table; stage: string; columns: string[] }): Statement[]
}

export interface Statement {
  sql: string
  /** Whether the rows that it affects are rows written to the target. */
  counts: boolean
}

/**
 * Rows of one `id` replace each other by (received_at, then the text of the columns in order of their names, the
 * overflow's last, NULL before any text): a total order, so that the result does not depend on how calls were split over
 * files, batches and runs. An older version never overwrites a newer one.
 */
export interface EventsMerge {
  target: TableName
  /** Quoted name of the stage, as `Session.stage` returned it. */
  stage: string
  /** Columns to write, `id` and `received_at` among them, `uuid_ts` not; types are those of stage and target. */
  columns: readonly TypedColumn[]
  /** Boolean column of the stage that says which rows are meant; absent: all. */
  only?: string
  /** Rows of the target outside of these `received_at` (ISO 8601, both ends belong to it) are not looked at; absent: all are. */
  within?: { from: string; to: string }
  /** ISO 8601 text: what `uuid_ts` of written rows becomes. */
  loadedAt: string
}

/**
 * `users` holds one row per user, each trait with the non-null value of the greatest clock (received_at, timestamp, id).
 * The twin, in the bookkeeping schema, holds for each user the newest call of each set of non-null traits (`trait_set`):
 * a call of the same set with a greater clock replaces it, so the users row is always the merge of a few twin rows and
 * late calls find the clocks that they must be compared with. Twin rows that no longer give any value are deleted, those
 * of calls without traits among them: `received_at` of a users row is the latest of all its calls, and never goes back.
 * The statements that count are those of `users`.
 */
export interface UsersMerge {
  /** Table with `id`, `user_id`, `received_at`, `uuid_ts` and the traits. */
  users: TableName
  /** Table keyed by (`user_id`, `trait_set`), with `received_at`, `timestamp`, `id` and the traits. */
  twin: TableName
  /** Quoted name of a stage, or a SELECT in parentheses, with the twin's columns; rows without user_id or trait_set are not meant. */
  stage: string
  /** Trait (and context) columns to write. */
  traits: readonly TypedColumn[]
  /** Other columns of the twin, which `users` do not take now: a twin row with a value there is not deleted. */
  kept: readonly string[]
  /** At most so many rows are in the stage. */
  rows: number
  loadedAt: string
}

/** One connection, used by one run at a time. Every call has a deadline and throws EngageError only. */
export interface Session extends AsyncDisposable {
  serverVersion(): Promise<string>
  /** The schemas that exist among these, their tables and views, one metadata query; and where data expires. */
  observe(schemas: readonly string[]): Promise<Observed>
  /** Runs a SELECT. Values are text, Timestamps as `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`, Booleans as `true`/`false`. */
  query(sql: string): Promise<Record<string, string | null>[]>
  /**
   * Runs a statement and returns the number of affected rows (0 for DDL). Where SQL cannot say `ADD COLUMN IF NOT EXISTS`,
   * adding a column that is there, or dropping one that is not, is no error outside of a transaction. Without `transactions`
   * throws StatementFailed when the statement is over, or has not begun: after any other error it may still run.
   */
  execute(sql: string): Promise<number>
  /** Runs the work in one transaction, rolled back when it throws. Not nested. Without `transactions` just runs it. */
  transaction<T>(work: () => Promise<T>): Promise<T>
  /**
   * Loads CSV files into a new table that has the given columns, and returns its quoted name. Columns that a part lacks
   * are NULL. To be dropped by `dropStage`, also after a rollback; what a lost client leaves behind is gone within a day.
   */
  stage(stage: StageInput): Promise<string>
  dropStage(name: string): Promise<void>
  close(): Promise<void>
}

export interface StageInput {
  /** Where the stage is made, in warehouses whose temporary tables need a schema. */
  schema: string
  columns: TypedColumn[]
  parts: StagePart[]
}

/**
 * A CSV file (RFC 4180, LF, no header, UTF-8): an unquoted empty cell is NULL, `""` is the empty string. Booleans are
 * `true`/`false`, timestamps ISO 8601 in UTC with `Z`, numbers plain decimal text, Json is JSON text.
 */
export interface StagePart {
  path: string
  columns: string[]
  rows: number
  /** No line of the file is longer than this, in bytes. */
  longestLine: number
}

export type { Observed, ObservedColumn, ObservedTable }
