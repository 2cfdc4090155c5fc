import type { Statement } from './port.ts'

/** Rows `s` of a query that replace rows `t` of a table, or are new there. `s` and `t` are the names of the two, unquoted. */
export interface Upsert {
  /** Quoted name of the table. */
  target: string
  /** A SELECT that gives each row once. */
  source: string
  /** Columns of both, quoted, that make two rows the same. */
  key: readonly string[]
  /** Which rows of the table are looked at; absent: all are. */
  near?: (t: string) => string
  /** The columns to write, those of the key among them; others keep their values. */
  columns: readonly UpsertColumn[]
  /** Whether `s` replaces `t`. */
  when(s: string, t: string): string
}

export interface UpsertColumn {
  /** Quoted. */
  name: string
  /** The value of a new row. */
  inserted(s: string): string
  /** The value of a row that is there; absent: that of a new one. */
  updated?(s: string, t: string): string
}

/** Rows of a table to delete: those that are the same as a row of a query, which gives each once. */
export type Removal = Pick<Upsert, 'target' | 'source' | 'key'>

export const sameKey = (key: readonly string[], s: string, t: string): string =>
  key.map((column) => `${s}.${column} = ${t}.${column}`).join(' AND ')

/** Which row of the table a row of the query is. */
export const isSame = ({ key, near }: Pick<Upsert, 'key' | 'near'>, s: string, t: string): string =>
  near === undefined ? sameKey(key, s, t) : `${sameKey(key, s, t)} AND ${near(t)}`

/**
 * Names of rows inside of statements. No column has a name that begins with two `_` (see engage/identifiers.ts), so that
 * none is taken for a column, and no column for one of them.
 */
const S = '__s'
const T = '__t'

/** One MERGE, as Snowflake, Databricks and BigQuery have it: its count is that of the rows it inserted and updated. */
export function mergeInto(upsert: Upsert): Statement[] {
  const { target, source, key, columns, when } = upsert
  const assignments = columns
    .filter(({ name }) => !key.includes(name))
    .map(({ name, inserted, updated }) => `${name} = ${(updated ?? inserted)(S, T)}`)
  return [
    {
      sql: `MERGE INTO ${target} AS ${T} USING (
${source}
) AS ${S}
ON ${isSame(upsert, S, T)}
WHEN MATCHED AND ${when(S, T)} THEN UPDATE SET ${assignments.join(', ')}
WHEN NOT MATCHED THEN INSERT (${columns.map(({ name }) => name).join(', ')})
  VALUES (${columns.map(({ inserted }) => inserted(S)).join(', ')})`,
      counts: true,
    },
  ]
}

/** One MERGE that deletes: some warehouses take no subquery in the condition of a DELETE. */
export function deleteMatched({ target, source, key }: Removal): Statement[] {
  return [
    {
      sql: `MERGE INTO ${target} AS ${T} USING (
${source}
) AS ${S}
ON ${sameKey(key, S, T)}
WHEN MATCHED THEN DELETE`,
      counts: false,
    },
  ]
}
