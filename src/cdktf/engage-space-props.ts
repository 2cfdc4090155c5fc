import type { AudienceType, ConnectionSchemas, LogicalType, SelectiveSync } from './manifests'
import type { IWarehouseDestination } from './warehouse-destination'

/** SQL that computes an audience in a warehouse. */
export interface AudienceQuery extends QueryProps {
  /**
   * Share of members that may exit in one run, in percent.
   *
   * @default 50
   */
  readonly maxExitPercent?: number
}

/** SQL that computes something in a warehouse. */
export interface QueryProps {
  /** The warehouse that the query runs on. */
  readonly destination: IWarehouseDestination
  /** A SELECT. */
  readonly query: string
  /**
   * When it runs: five cron fields.
   *
   * @default - none
   */
  readonly schedule?: string
}

/** An audience, beside its key. */
export interface AudienceProps {
  /**
   * Name that people see.
   *
   * @default - none
   */
  readonly name?: string
  /**
   * Profile audience or Linked Audience.
   *
   * @default AudienceType.PROFILE
   */
  readonly type?: AudienceType
  /**
   * SQL that computes the members in a warehouse. For a later version: this one refuses it.
   *
   * @default - Segment computes them
   */
  readonly sql?: AudienceQuery
}

/** A computed trait, beside its key. */
export interface ComputedTraitProps {
  /**
   * Name that people see.
   *
   * @default - none
   */
  readonly name?: string
  /** Type of the value, and of its column. */
  readonly type: LogicalType
  /**
   * Earlier keys; a column of such a name is renamed.
   *
   * @default - none
   */
  readonly previousNames?: string[]
  /**
   * SQL that computes the values in a warehouse. For a later version: this one refuses it.
   *
   * @default - Segment computes them
   */
  readonly sql?: QueryProps
}

/** A journey, beside its key. */
export interface JourneyProps {
  /**
   * Name that people see.
   *
   * @default - none
   */
  readonly name?: string
}

/** How a space uses a warehouse. */
export interface ConnectProps {
  /**
   * Schemas to use instead of the default ones, to adopt existing schemas.
   *
   * @default - `engage_<name>` and `<name>`
   */
  readonly schemas?: ConnectionSchemas
  /**
   * Tables and columns that are left out.
   *
   * @default - none
   */
  readonly selectiveSync?: SelectiveSync[]
}
