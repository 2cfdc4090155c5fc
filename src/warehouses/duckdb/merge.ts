import type { Dialect, EventsMerge, Statement, UsersMerge } from '../port.ts'
import { versionColumns } from '../row-order.ts'

type Names = Pick<Dialect, 'quote' | 'table' | 'literal'>

/** Ids of a stage that meet another version of themselves, in the stage or in the target. Most stages have none. */
const CONFLICTS = 'temp.eo_conflicts'
/** Rows as they are to be, with where the row that they replace stands. */
const REPLACEMENTS = 'temp.eo_replacements'

/**
 * See EventsMerge in ../port.ts. The ids in conflict are found once, by ids alone; all other rows are inserted as they
 * are, and only rows in conflict are compared.
 */
export function mergeEvents(names: Names, merge: EventsMerge): Statement[] {
  const { quote, table, literal } = names
  const { stage, only } = merge
  const columns = merge.columns.map(({ name }) => name)
  const target = table(merge.target)
  const loadedAt = literal(merge.loadedAt, 'Timestamp')
  const list = columns.map(quote).join(', ')
  const meant = only === undefined ? '' : ` WHERE ${quote(only)}`
  const versions = versionColumns(merge.columns).map(({ name }) => name)
  const version = (row: string) =>
    `row(${['0', ...versions.map((column) => `coalesce('=' || CAST(${row}.${quote(column)} AS VARCHAR), '')`)].join(', ')})`
  return [
    {
      sql: `CREATE OR REPLACE TEMP TABLE ${CONFLICTS} AS
SELECT id FROM ${stage}${meant} GROUP BY id HAVING count(*) > 1
UNION
SELECT id FROM ${target} WHERE id IN (SELECT id FROM ${stage}${meant})`,
      counts: false,
    },
    ...replaceRows({
      target,
      source: `SELECT * FROM (SELECT ${list} FROM ${stage}${meant}) AS s WHERE id IN (SELECT id FROM ${CONFLICTS})
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, ${version('s')} DESC) = 1`,
      on: `s.id = t.id AND t.id IN (SELECT id FROM ${CONFLICTS})`,
      columns: [...columns.map((column): Assignment => [quote(column), `s.${quote(column)}`]), ['uuid_ts', loadedAt]],
      when: `t.received_at IS NULL OR s.received_at > t.received_at
  OR (s.received_at = t.received_at AND ${version('s')} > ${version('t')})`,
    }),
    {
      sql: `INSERT INTO ${target} (${list}, uuid_ts)
SELECT ${list}, ${loadedAt} FROM (SELECT * FROM ${stage}${meant}) WHERE id NOT IN (SELECT id FROM ${CONFLICTS})`,
      counts: true,
    },
    { sql: `DROP TABLE ${CONFLICTS}`, counts: false },
  ]
}

/** A column of the target, quoted, and the value that it gets. */
type Assignment = [column: string, value: string]

/** What is to be in a table: rows `s` of a query, which replace rows `t` of the table or are new there. */
interface Replacement {
  target: string
  source: string
  /** How `s` and `t` are the same row. */
  on: string
  columns: readonly Assignment[]
  /** Whether `s` replaces `t`. */
  when: string
}

/**
 * Deletes and inserts: updating many rows in place takes DuckDB a hundred times as long, and memory that grows with the
 * table. Columns that are not named keep their values.
 */
function replaceRows({ target, source, on, columns, when }: Replacement): Statement[] {
  const names = columns.map(([column]) => column).join(', ')
  return [
    {
      sql: `CREATE OR REPLACE TEMP TABLE ${REPLACEMENTS} AS
SELECT t.* REPLACE (${columns.map(([column, value]) => `${value} AS ${column}`).join(', ')}), t.rowid AS "#row"
FROM (
  ${source}
) AS s LEFT JOIN ${target} AS t ON ${on}
WHERE t.rowid IS NULL OR ${when}`,
      counts: false,
    },
    { sql: `DELETE FROM ${target} WHERE rowid IN (SELECT "#row" FROM ${REPLACEMENTS})`, counts: false },
    {
      sql: `INSERT INTO ${target} BY NAME SELECT * EXCLUDE ("#row") FROM ${REPLACEMENTS} WHERE "#row" IS NOT NULL`,
      counts: true,
    },
    {
      sql: `INSERT INTO ${target} (${names}) SELECT ${names} FROM ${REPLACEMENTS} WHERE "#row" IS NULL`,
      counts: true,
    },
    { sql: `DROP TABLE ${REPLACEMENTS}`, counts: false },
  ]
}

const clock = (row: string): string =>
  `row(${row}.received_at, coalesce(${row}."timestamp", TIMESTAMP '-infinity'), ${row}.id)`

/** Values that are merged at once: those of all rows of a portion must fit into little memory. */
const VALUES_AT_ONCE = 1_250_000

/** See UsersMerge in ../port.ts. Users are merged in portions, by the hash of their ids. */
export function mergeUsers(names: Names, merge: UsersMerge): Statement[][] {
  const portions = Math.max(1, Math.ceil((merge.rows * merge.traits.length) / VALUES_AT_ONCE))
  return Array.from({ length: portions }, (_, portion) =>
    mergePortion(names, merge, (id) => (portions === 1 ? '' : ` AND hash(${id}) % ${portions} = ${portion}`)),
  )
}

/** `portion` is a condition on the id of a user. It stands on both sides of a join, so that neither side is held whole. */
function mergePortion(
  { quote, table, literal }: Names,
  merge: UsersMerge,
  portion: (id: string) => string,
): Statement[] {
  const { stage } = merge
  const users = table(merge.users)
  const twin = table(merge.twin)
  const loadedAt = literal(merge.loadedAt, 'Timestamp')
  const traits = merge.traits.map(({ name }) => quote(name))
  const kept = merge.kept.map(quote)
  const twinColumns = ['user_id', 'trait_set', 'received_at', '"timestamp"', 'id', ...traits]
  const meant = `user_id IS NOT NULL AND trait_set IS NOT NULL${portion('user_id')}`
  /** The twin rows of the users that the stage names, numbered by their clocks. No trait's name has a `#`. */
  const ranked = `ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY ${clock('t')}, trait_set) AS "#rank"
  FROM ${twin} AS t WHERE user_id IN (SELECT user_id FROM ${stage} AS s WHERE ${meant})${portion('user_id')}
)`
  /** The twin forgets calls without traits, so received_at may be later than all of its rows. */
  const next = (column: string) => `${column === 'received_at' ? 'greatest' : 'coalesce'}(s.${column}, t.${column})`
  const given = (trait: string) => `max(CASE WHEN ${trait} IS NOT NULL THEN "#rank" END)`
  return [
    ...replaceRows({
      target: twin,
      source: `SELECT ${twinColumns.join(', ')} FROM ${stage} AS s WHERE ${meant}
  QUALIFY row_number() OVER (PARTITION BY user_id, trait_set ORDER BY ${clock('s')} DESC) = 1`,
      on: `t.user_id = s.user_id AND t.trait_set = s.trait_set${portion('t.user_id')}`,
      columns: twinColumns.map((column): Assignment => [column, `s.${column}`]),
      when: `${clock('s')} > ${clock('t')}`,
    }).map((statement) => ({ ...statement, counts: false })),
    ...replaceRows({
      target: users,
      source: `WITH ${ranked}
  SELECT ${['user_id', 'max(received_at) AS received_at', ...traits.map((trait) => `arg_max(${trait}, "#rank") AS ${trait}`)].join(', ')}
  FROM ranked GROUP BY user_id`,
      on: `t.id = s.user_id${portion('t.id')}`,
      columns: [
        ['id', 's.user_id'],
        ['user_id', 's.user_id'],
        ['uuid_ts', loadedAt],
        ...['received_at', ...traits].map((column): Assignment => [column, next(column)]),
      ],
      when: ['received_at', ...traits].map((column) => `${next(column)} IS DISTINCT FROM t.${column}`).join(' OR '),
    }),
    {
      sql: `DELETE FROM ${twin} WHERE rowid IN (
  WITH ${ranked}, winners AS (
    SELECT user_id, [${[...traits, ...kept].map(given).join(', ')}] AS "#ranks" FROM ranked GROUP BY user_id HAVING count(*) > 1
  )
  SELECT "#row" FROM ranked JOIN winners USING (user_id) WHERE NOT list_contains("#ranks", "#rank")
)`,
      counts: false,
    },
  ]
}
