import type { Dialect, EventsMerge, Statement, UsersMerge } from '../port.ts'
import { versionColumns } from '../row-order.ts'

type Names = Pick<Dialect, 'quote' | 'table' | 'literal'>

/**
 * See EventsMerge in ../port.ts. Only ids that the stage has twice, or the table already, pay for comparing texts. Rows go
 * in by id: the pages of the key's index are then visited in order, which makes up for the sort several times.
 */
export function mergeEvents({ quote, table, literal }: Names, merge: EventsMerge): Statement[] {
  const { stage, only } = merge
  const columns = merge.columns.map(({ name }) => name)
  const loadedAt = literal(merge.loadedAt, 'Timestamp')
  const names = columns.map(quote).join(', ')
  const versions = versionColumns(merge.columns).map(({ name }) => name)
  const version = (row: string) =>
    `ROW(${['0', ...versions.map((column) => `coalesce('=' || ${row}.${quote(column)}::text, '') COLLATE "C"`)].join(', ')})`
  const assignments = columns
    .filter((column) => column !== 'id')
    .map((column) => `${quote(column)} = excluded.${quote(column)}`)
    .concat('uuid_ts = excluded.uuid_ts')
  return [
    {
      sql: `WITH meant AS NOT MATERIALIZED (
  SELECT ${names} FROM ${stage}${only === undefined ? '' : ` WHERE ${quote(only)}`}
), duplicates AS MATERIALIZED (
  SELECT id FROM meant GROUP BY id HAVING count(*) > 1
), newest AS (
  SELECT * FROM meant AS s WHERE NOT EXISTS (SELECT 1 FROM duplicates AS d WHERE d.id = s.id)
  UNION ALL
  (SELECT DISTINCT ON (s.id) s.* FROM meant AS s JOIN duplicates AS d ON d.id = s.id
   ORDER BY s.id, s.received_at DESC NULLS LAST, ${version('s')} DESC)
)
INSERT INTO ${table(merge.target)} AS t (${names}, uuid_ts)
SELECT ${names}, ${loadedAt} FROM newest ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET ${assignments.join(', ')}
WHERE t.received_at IS NULL OR excluded.received_at > t.received_at
  OR (excluded.received_at = t.received_at AND ${version('excluded')} > ${version('t')})`,
      counts: true,
    },
  ]
}

const clockParts = (row: string): string[] => [
  `${row}.received_at`,
  `coalesce(${row}."timestamp", '-infinity')`,
  `${row}.id COLLATE "C"`,
]
const clock = (row: string): string => `ROW(${clockParts(row).join(', ')})`

/**
 * See UsersMerge in ../port.ts. Only the newest rows of the stage are sorted, which a hash finds sooner. Users with one
 * twin row, the most, are copied; only the others are merged.
 */
export function mergeUsers({ quote, table, literal }: Names, merge: UsersMerge): Statement[][] {
  const { stage } = merge
  const users = table(merge.users)
  const twin = table(merge.twin)
  const loadedAt = literal(merge.loadedAt, 'Timestamp')
  const traits = merge.traits.map(({ name }) => quote(name))
  const kept = merge.kept.map(quote)
  const list = (items: readonly string[], format: (item: string) => string) => items.map(format).join(', ')
  const meant = 'user_id IS NOT NULL AND trait_set IS NOT NULL'
  const twinColumns = ['user_id', 'trait_set', 'received_at', '"timestamp"', 'id', ...traits]
  const latestFirst = (row: string) => list(clockParts(row), (part) => `${part} DESC`)
  /** One order for all aggregates of a statement: Postgres then sorts once. */
  const order = `${latestFirst('r')}, r.trait_set COLLATE "C" DESC`
  const latest = (trait: string) => `(array_agg(r.${trait} ORDER BY ${order}) FILTER (WHERE r.${trait} IS NOT NULL))[1]`
  const touched = `touched AS MATERIALIZED (
  SELECT user_id, count(*) AS "#rows" FROM ${twin}
  WHERE user_id IN (SELECT user_id FROM ${stage} AS s WHERE ${meant}) GROUP BY user_id
)`
  const userColumns = ['id', 'user_id', 'received_at', 'uuid_ts', ...traits]
  /** The twin forgets calls without traits, so received_at may be later than all of its rows. */
  const next = (column: string) =>
    `${column === 'received_at' ? 'greatest' : 'coalesce'}(excluded.${column}, u.${column})`
  /** First in order is number 1: the rank of the row that gives a trait is the smallest of those that have a value. */
  const given = (trait: string) => `min("#rank") FILTER (WHERE ${trait} IS NOT NULL)`
  return [
    [
      {
        sql: `INSERT INTO ${twin} AS t (${twinColumns.join(', ')})
SELECT DISTINCT ON (s.user_id COLLATE "C", s.trait_set COLLATE "C") ${list(twinColumns, (column) => `s.${column}`)}
FROM ${stage} AS s JOIN (
  SELECT user_id, trait_set, max(received_at) AS received_at FROM ${stage} AS s WHERE ${meant} GROUP BY user_id, trait_set
) AS newest ON newest.user_id = s.user_id AND newest.trait_set = s.trait_set AND newest.received_at = s.received_at
ORDER BY s.user_id COLLATE "C", s.trait_set COLLATE "C", ${latestFirst('s')}
ON CONFLICT (user_id, trait_set) DO UPDATE SET ${list(twinColumns.slice(2), (column) => `${column} = excluded.${column}`)}
WHERE ${clock('excluded')} > ${clock('t')}`,
        counts: false,
      },
      {
        sql: `WITH ${touched}
INSERT INTO ${users} AS u (${userColumns.join(', ')})
SELECT * FROM (
  SELECT ${['r.user_id AS id', 'r.user_id', 'r.received_at', loadedAt, ...traits.map((trait) => `r.${trait}`)].join(', ')}
  FROM ${twin} AS r JOIN touched USING (user_id) WHERE "#rows" = 1
  UNION ALL
  SELECT ${['r.user_id', 'r.user_id', 'max(r.received_at)', loadedAt, ...traits.map(latest)].join(', ')}
  FROM ${twin} AS r JOIN touched USING (user_id) WHERE "#rows" > 1 GROUP BY r.user_id
) AS r ORDER BY id COLLATE "C"
ON CONFLICT (id) DO UPDATE SET ${list(['user_id', 'received_at', 'uuid_ts', ...traits], (column) => `${column} = ${next(column)}`)}
WHERE ${['received_at', ...traits].map((column) => `${next(column)} IS DISTINCT FROM u.${column}`).join(' OR ')}`,
        counts: true,
      },
      {
        sql: `WITH ${touched}, ranked AS (
  SELECT r.*, r.ctid AS "#row", row_number() OVER (PARTITION BY user_id ORDER BY ${order}) AS "#rank"
  FROM ${twin} AS r JOIN touched USING (user_id) WHERE "#rows" > 1
), winners AS (
  SELECT array_agg("#row" ORDER BY "#rank") AS "#all", array_remove(ARRAY[${['NULL::bigint', ...[...traits, ...kept].map(given)].join(', ')}], NULL) AS "#won"
  FROM ranked GROUP BY user_id
)
DELETE FROM ${twin} WHERE ctid = ANY (ARRAY(
  SELECT "#row" FROM winners, unnest("#all") WITH ORDINALITY AS one("#row", "#rank") WHERE "#rank" <> ALL ("#won")
))`,
        counts: false,
      },
    ],
  ]
}
