import type { Dialect, EventsMerge, Statement, UsersMerge } from '../port.ts'

type Names = Pick<Dialect, 'quote' | 'table' | 'literal'>

/** Ids of a stage that meet another version of themselves, in the stage or in the target. Most stages have none. */
const CONFLICTS = 'temp.eo_conflicts'

/**
 * See EventsMerge in ../port.ts. The ids in conflict are found once, by ids alone; all other rows are inserted as they
 * are, and only rows in conflict are compared.
 */
export function mergeEvents({ quote, table, literal }: Names, merge: EventsMerge): Statement[] {
  const { stage, columns, only } = merge
  const target = table(merge.target)
  const loadedAt = literal(merge.loadedAt, 'Timestamp')
  const names = columns.map(quote).join(', ')
  const meant = only === undefined ? '' : ` WHERE ${quote(only)}`
  const versions = columns.filter((column) => column !== 'id' && column !== 'received_at').sort()
  const version = (row: string) =>
    `row(${['0', ...versions.map((column) => `coalesce('=' || CAST(${row}.${quote(column)} AS VARCHAR), '')`)].join(', ')})`
  const newest = `newest AS (
  SELECT * FROM (SELECT ${names} FROM ${stage}${meant}) AS s WHERE id IN (SELECT id FROM ${CONFLICTS})
  QUALIFY row_number() OVER (PARTITION BY id ORDER BY received_at DESC NULLS LAST, ${version('s')} DESC) = 1
)`
  const assignments = columns
    .filter((column) => column !== 'id')
    .map((column) => `${quote(column)} = s.${quote(column)}`)
    .concat(`uuid_ts = ${loadedAt}`)
  return [
    {
      sql: `CREATE OR REPLACE TEMP TABLE ${CONFLICTS} AS
SELECT id FROM ${stage}${meant} GROUP BY id HAVING count(*) > 1
UNION
SELECT id FROM ${target} WHERE id IN (SELECT id FROM ${stage}${meant})`,
      counts: false,
    },
    {
      sql: `WITH ${newest}
UPDATE ${target} AS t SET ${assignments.join(', ')}
FROM newest AS s
WHERE t.id = s.id AND (
  t.received_at IS NULL OR s.received_at > t.received_at
  OR (s.received_at = t.received_at AND ${version('s')} > ${version('t')})
)`,
      counts: true,
    },
    {
      sql: `INSERT INTO ${target} (${names}, uuid_ts)
WITH ${newest}
SELECT ${names}, ${loadedAt} FROM newest
WHERE id NOT IN (SELECT id FROM ${target} WHERE id IN (SELECT id FROM ${CONFLICTS}))`,
      counts: true,
    },
    {
      sql: `INSERT INTO ${target} (${names}, uuid_ts)
SELECT ${names}, ${loadedAt} FROM (SELECT * FROM ${stage}${meant}) WHERE id NOT IN (SELECT id FROM ${CONFLICTS})`,
      counts: true,
    },
    { sql: `DROP TABLE ${CONFLICTS}`, counts: false },
  ]
}

const clock = (row: string): string =>
  `row(${row}.received_at, coalesce(${row}."timestamp", TIMESTAMP '-infinity'), ${row}.id)`

/** Rows that are merged at once: all states of their aggregates must fit into little memory. */
const ROWS_AT_ONCE = 50_000

/** See UsersMerge in ../port.ts. Users are merged in portions, by the hash of their ids. */
export function mergeUsers(names: Names, merge: UsersMerge): Statement[][] {
  const portions = Math.max(1, Math.ceil(merge.rows / ROWS_AT_ONCE))
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
  const traits = merge.traits.map(quote)
  const twinColumns = ['user_id', 'trait_set', 'received_at', '"timestamp"', 'id', ...traits]
  const meant = `user_id IS NOT NULL AND trait_set IS NOT NULL${portion('user_id')}`
  const assign = (columns: readonly string[], value: (column: string) => string) =>
    columns.map((column) => `${column} = ${value(column)}`).join(', ')
  /** The twin rows of the users that the stage names, numbered by their clocks. No trait's name has a `#`. */
  const ranked = `ranked AS (
  SELECT t.*, t.rowid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY ${clock('t')}, trait_set) AS "#rank"
  FROM ${twin} AS t WHERE user_id IN (SELECT user_id FROM ${stage} AS s WHERE ${meant})${portion('user_id')}
)`
  /** The twin forgets calls without traits, so received_at may be later than all of its rows. */
  const next = (column: string) => `${column === 'received_at' ? 'greatest' : 'coalesce'}(s.${column}, u.${column})`
  const given = (trait: string) => `max(CASE WHEN ${trait} IS NOT NULL THEN "#rank" END)`
  return [
    {
      sql: `MERGE INTO ${twin} AS t USING (
  SELECT ${twinColumns.join(', ')} FROM ${stage} AS s WHERE ${meant}
  QUALIFY row_number() OVER (PARTITION BY user_id, trait_set ORDER BY ${clock('s')} DESC) = 1
) AS s ON t.user_id = s.user_id AND t.trait_set = s.trait_set${portion('t.user_id')}
WHEN MATCHED AND ${clock('s')} > ${clock('t')} THEN UPDATE SET ${assign(twinColumns.slice(2), (column) => `s.${column}`)}
WHEN NOT MATCHED THEN INSERT (${twinColumns.join(', ')}) VALUES (${twinColumns.map((column) => `s.${column}`).join(', ')})`,
      counts: false,
    },
    {
      sql: `MERGE INTO ${users} AS u USING (
  WITH ${ranked}
  SELECT ${['user_id', 'max(received_at) AS received_at', ...traits.map((trait) => `arg_max(${trait}, "#rank") AS ${trait}`)].join(', ')}
  FROM ranked GROUP BY user_id
) AS s ON u.id = s.user_id${portion('u.id')}
WHEN MATCHED AND (${['received_at', ...traits].map((column) => `${next(column)} IS DISTINCT FROM u.${column}`).join(' OR ')})
THEN UPDATE SET user_id = s.user_id, uuid_ts = ${loadedAt}, ${assign(['received_at', ...traits], next)}
WHEN NOT MATCHED THEN INSERT (id, user_id, received_at, uuid_ts${traits.map((trait) => `, ${trait}`).join('')})
VALUES (s.user_id, s.user_id, s.received_at, ${loadedAt}${traits.map((trait) => `, s.${trait}`).join('')})`,
      counts: true,
    },
    {
      sql: `DELETE FROM ${twin} WHERE rowid IN (
  WITH ${ranked}, winners AS (
    SELECT user_id, [${traits.map(given).join(', ')}] AS "#ranks" FROM ranked GROUP BY user_id HAVING count(*) > 1
  )
  SELECT "#row" FROM ranked JOIN winners USING (user_id) WHERE NOT list_contains("#ranks", "#rank")
)`,
      counts: false,
    },
  ]
}
