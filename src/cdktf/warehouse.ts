import type {
  BigQueryWarehouse,
  DatabricksWarehouse,
  DuckDbWarehouse,
  PostgresWarehouse,
  RedshiftWarehouse,
  SnowflakeWarehouse,
} from './manifests'

/** Which warehouse a destination is, and how it is reached. */
export class Warehouse {
  /**
   * A Snowflake database.
   *
   * @param settings how it is reached
   */
  public static snowflake(settings: SnowflakeWarehouse): Warehouse {
    return new Warehouse('snowflake', settings)
  }

  /**
   * A Databricks SQL warehouse.
   *
   * @param settings how it is reached
   */
  public static databricks(settings: DatabricksWarehouse): Warehouse {
    return new Warehouse('databricks', settings)
  }

  /**
   * A BigQuery project.
   *
   * @param settings how it is reached
   */
  public static bigquery(settings: BigQueryWarehouse): Warehouse {
    return new Warehouse('bigquery', settings)
  }

  /**
   * An Amazon Redshift database.
   *
   * @param settings how it is reached
   */
  public static redshift(settings: RedshiftWarehouse): Warehouse {
    return new Warehouse('redshift', settings)
  }

  /**
   * A PostgreSQL database.
   *
   * @param settings how it is reached
   */
  public static postgres(settings: PostgresWarehouse): Warehouse {
    return new Warehouse('postgres', settings)
  }

  /**
   * A DuckDB file. In a cluster there is none: only the local mode of the CLI takes it.
   *
   * @param settings where it is
   */
  public static duckdb(settings: DuckDbWarehouse): Warehouse {
    return new Warehouse('duckdb', settings)
  }

  private constructor(
    /** Name of its block in the spec, such as `snowflake`. */
    public readonly kind: string,
    /** @internal */
    public readonly _settings: object,
  ) {}
}
