import type { DestinationSpec } from '../model/destination.ts'
import type { Reason } from '../model/reasons.ts'
import type { LogicalType, Table, TableName } from '../model/table.ts'
import type { Change } from './change.ts'
import type { RegisteredColumn } from './registry.ts'

/** What a plan must know of a warehouse's types: a part of its dialect. */
export interface TypeRules {
  sqlType(type: LogicalType): string
  canWiden(from: LogicalType, to: LogicalType): boolean
  change(change: Change): string[]
}

export interface DiffOptions {
  types: TypeRules
  /** Tables that `objects` names, by `tableId`: EngageOps made them or took them over. */
  owned: ReadonlySet<string>
  /** The tables of the ledger itself: always EngageOps' own, their columns are not registered. */
  ledger: ReadonlySet<string>
  adoption: DestinationSpec['adoptionPolicy']
  drift: Pick<DestinationSpec['driftPolicy'], 'mode' | 'ignore'>
  schemaPolicy: Pick<DestinationSpec['schemaPolicy'], 'dropObjects' | 'widenTypes'>
  /** Whether a declared column stays although the desired table lacks it, such as one of a suspended activation. */
  isRetained(table: TableName, column: string): boolean
}

/** Something that a plan cannot do, and what a person can. */
export interface Problem {
  table: TableName
  reason: Extract<Reason, 'AdoptionRefused' | 'UnsupportedChange' | 'Conflict'>
  message: string
}

/** What people should know of tables that are as wanted nevertheless, and are loaded. */
export interface Caution {
  /** The table that it is about; without a name the tables of the schema, or all where it is that of the ledger. */
  about: { schema: string; name?: string }
  reason: Extract<Reason, 'DataExpires' | 'ViewRefused'>
  message: string
}

/** Something that somebody else changed. */
export interface Drift {
  table: TableName
  message: string
}

export interface Difference {
  /** In the order in which they are to be made. */
  changes: Change[]
  problems: Problem[]
  drift: Drift[]
  cautions: Caution[]
  /** Rows that the registry of columns must get, and lose, with the changes. */
  register: RegisteredColumn[]
  unregister: Pick<RegisteredColumn, 'schema' | 'name' | 'column'>[]
  /** Tables that are as wanted once the changes are made: those without a problem that keeps EngageOps off them. */
  usable: Table[]
}
