import type { LogicalType, Table, TypedColumn } from '../model/table.ts'
import type { Dialect, EventsMerge, Statement, UsersMerge } from './port.ts'
import { type Case, firstTrue, isGreater, newest, RANK, rank, type SortKey, versionColumns } from './row-order.ts'
import { type Removal, sameKey, type Upsert, type UpsertColumn } from './upsert.ts'

/**
 * Merges for warehouses that enforce no keys, in SQL that all of them have: no QUALIFY, no DISTINCT ON, no comparison of
 * whole rows, and no expression whose depth grows with the number of columns. Every statement can be repeated, and a
 * merge that was cut off between two of them comes to the same end when it is run again from its start.
 */
export interface MergeDialect extends Pick<Dialect, 'quote' | 'table' | 'literal'> {
  /**
   * Expressions by which values of a type are told apart and put in the order of their texts, by bytes: the first that
   * differ decide. Most warehouses need one, the value as text. All are NULL for NULL.
   */
  textKeys(expression: string, type: LogicalType): string[]
  /** An aggregate that gives the one value of a group that is not NULL. */
  onlyOf(expression: string, type: LogicalType): string
  /** `mergeInto` of ./upsert.ts, where the warehouse has such a MERGE. The statements that write the target count. */
  upsert(upsert: Upsert): Statement[]
  /** `deleteMatched` of ./upsert.ts, or the same otherwise. */
  remove(removal: Removal): Statement[]
}

/** Names of generated columns begin with two `_`, as no other column's does: see ./upsert.ts. */
const ROWS = '__rows'

/** The merges of a dialect that has no quicker ones of its own. */
export const mergesOf = (dialect: MergeDialect): Pick<Dialect, 'mergeEvents' | 'mergeUsers' | 'insertMissing'> => ({
  mergeEvents: (merge) => mergeEvents(dialect, merge),
  mergeUsers: (merge) => mergeUsers(dialect, merge),
  insertMissing: (merge) => insertMissing(dialect, merge),
})

/** See EventsMerge in ./port.ts. */
function mergeEvents(dialect: MergeDialect, merge: EventsMerge): Statement[] {
  const { quote, table, literal, textKeys } = dialect
  const { stage, only, within, columns } = merge
  const [id, receivedAt] = [quote('id'), quote('received_at')]
  const names = columns.map(({ name }) => quote(name)).join(', ')
  const versions = versionColumns(columns)
  const version = (row: string): SortKey[] => [
    [`${row}.${receivedAt}`],
    ...versions.map(({ name, type }) => textKeys(`${row}.${quote(name)}`, type)),
  ]
  return dialect.upsert({
    target: table(merge.target),
    source: newest(dialect, {
      names,
      from: `${stage} AS __r${only === undefined ? '' : ` WHERE ${quote(only)}`}`,
      key: [id],
      order: version('__r'),
    }),
    key: [id],
    ...(within && {
      near: (t) =>
        `${t}.${receivedAt} >= ${literal(within.from, 'Timestamp')} AND ${t}.${receivedAt} <= ${literal(within.to, 'Timestamp')}`,
    }),
    columns: [
      ...columns.map(({ name }) => copied(quote(name))),
      { name: quote('uuid_ts'), inserted: () => literal(merge.loadedAt, 'Timestamp') },
    ],
    when: (s, t) => isGreater(version(s), version(t)),
  })
}

/** See UsersMerge in ./port.ts. Users are merged in one portion. */
function mergeUsers(dialect: MergeDialect, merge: UsersMerge): Statement[][] {
  return [[...mergeTwin(dialect, merge), ...mergeTraits(dialect, merge), ...removeLosers(dialect, merge)]]
}

/** The newest call of each user and set of traits. */
function mergeTwin(dialect: MergeDialect, { twin, stage, traits }: UsersMerge): Statement[] {
  const { quote, table } = dialect
  const key = ['user_id', 'trait_set'].map(quote)
  const columns = [...key, ...['received_at', 'timestamp', 'id', ...traits.map(({ name }) => name)].map(quote)]
  const names = columns.join(', ')
  return dialect
    .upsert({
      target: table(twin),
      source: newest(dialect, {
        names,
        from: `${stage} AS __r WHERE ${isMeant(dialect)}`,
        key,
        order: clock(dialect, '__r'),
      }),
      key,
      columns: columns.map(copied),
      when: (s, t) => isGreater(clock(dialect, s), clock(dialect, t)),
    })
    .map((statement) => ({ ...statement, counts: false }))
}

/** The users that the stage names, each as the merge of its twin rows. */
function mergeTraits(dialect: MergeDialect, merge: UsersMerge): Statement[] {
  const { quote, table, literal } = dialect
  const [id, userId, receivedAt] = [quote('id'), quote('user_id'), quote('received_at')]
  return dialect.upsert({
    target: table(merge.users),
    source: mergedUsers(dialect, merge),
    key: [id],
    columns: [
      copied(id),
      copied(userId),
      {
        name: receivedAt,
        inserted: (s) => `${s}.${receivedAt}`,
        // The twin forgets calls without traits, so the user's may be later than all of its rows.
        updated: (s, t) =>
          `CASE WHEN ${t}.${receivedAt} > ${s}.${receivedAt} THEN ${t}.${receivedAt} ELSE ${s}.${receivedAt} END`,
      },
      { name: quote('uuid_ts'), inserted: () => literal(merge.loadedAt, 'Timestamp') },
      ...merge.traits.map(({ name }): UpsertColumn => {
        const column = quote(name)
        return {
          name: column,
          inserted: (s) => `${s}.${column}`,
          updated: (s, t) => `coalesce(${s}.${column}, ${t}.${column})`,
        }
      }),
    ],
    when: (s, t) =>
      firstTrue([
        [`${t}.${receivedAt} IS NULL OR ${s}.${receivedAt} > ${t}.${receivedAt}`, true],
        ...merge.traits.flatMap((trait) => changes(dialect, trait, s, t)),
      ]),
  })
}

/** Traits of which the values and their givers are looked at together: see SORTED_AT_ONCE in ./row-order.ts. */
const TRAITS_AT_ONCE = 500

/** The users that the stage names, with the latest of all their times and the value of each trait. */
function mergedUsers(dialect: MergeDialect, merge: UsersMerge): string {
  const { quote, onlyOf } = dialect
  const [id, userId, receivedAt] = [quote('id'), quote('user_id'), quote('received_at')]
  const values = merge.traits.map(({ name, type }, number) => {
    const given = `CASE WHEN __r.${quote(RANK)} = __g.${quote(giver(number))} THEN __r.${quote(name)} END`
    return `${onlyOf(given, type)} AS ${quote(name)}`
  })
  const parts = Array.from({ length: Math.max(1, Math.ceil(values.length / TRAITS_AT_ONCE)) }, (_, number) => {
    const some = values.slice(number * TRAITS_AT_ONCE, (number + 1) * TRAITS_AT_ONCE)
    const join = number === 0 ? '' : ` ON __p${number}.${userId} = __p0.${userId}`
    return `(
  SELECT ${[`__g.${userId}`, `__g.${receivedAt}`, ...some].join(', ')}
  FROM __ranked AS __r JOIN __given AS __g ON __r.${userId} = __g.${userId}
  GROUP BY __g.${userId}, __g.${receivedAt}
) AS __p${number}${join}`
  })
  const names = merge.traits.map(({ name }) => name)
  return `${rankedTwin(dialect, merge, names)}
SELECT ${[`__p0.${userId} AS ${id}`, `__p0.${userId}`, `__p0.${receivedAt}`, ...names.map(quote)].join(', ')}
FROM ${parts.join(' JOIN ')}`
}

/** Twin rows of the same users that give no value. */
function removeLosers(dialect: MergeDialect, merge: UsersMerge): Statement[] {
  const { quote, table } = dialect
  const key = ['user_id', 'trait_set'].map(quote)
  const names = [...merge.traits.map(({ name }) => name), ...merge.kept]
  const gives = names.map((_, number): Case => [`__r.${quote(RANK)} = __g.${quote(giver(number))}`, false])
  return dialect
    .remove({
      target: table(merge.twin),
      source: `${rankedTwin(dialect, merge, names)}
SELECT ${key.map((column) => `__r.${column}`).join(', ')}
FROM __ranked AS __r JOIN __given AS __g ON __r.${quote('user_id')} = __g.${quote('user_id')}
WHERE __g.${quote(ROWS)} > 1 AND ${firstTrue(gives, true)}`,
      key,
    })
    .map((statement) => ({ ...statement, counts: false }))
}

/**
 * `__ranked`: the twin rows of the users that the stage names, the newest first. `__given`: of each user, the rank of the
 * row that gives each of the traits `names`, which is the smallest of those that have a value.
 */
function rankedTwin(dialect: MergeDialect, { twin, stage }: UsersMerge, names: readonly string[]): string {
  const { quote, table } = dialect
  const [userId, traitSet, receivedAt] = [quote('user_id'), quote('trait_set'), quote('received_at')]
  const columns = [userId, traitSet, receivedAt, ...names.map(quote)].join(', ')
  const givers = names.map(
    (name, number) => `min(CASE WHEN ${quote(name)} IS NOT NULL THEN ${quote(RANK)} END) AS ${quote(giver(number))}`,
  )
  return `WITH __ranked AS (
  SELECT ${columns}, ${rank('row_number', [userId], [...clock(dialect, '__t').flat(), `__t.${traitSet}`])} AS ${quote(RANK)}
  FROM ${table(twin)} AS __t WHERE ${userId} IN (SELECT ${userId} FROM ${stage} AS __m WHERE ${isMeant(dialect)})
), __given AS (
  SELECT ${[userId, `max(${receivedAt}) AS ${receivedAt}`, `count(*) AS ${quote(ROWS)}`, ...givers].join(', ')}
  FROM __ranked GROUP BY ${userId}
)`
}

/** Inserts the rows of a stage whose key is not there yet. No column of a key is NULL. */
function insertMissing(
  { quote, table }: Pick<Dialect, 'quote' | 'table'>,
  { target, stage, columns }: { target: Table; stage: string; columns: readonly string[] },
): Statement[] {
  const names = columns.map(quote).join(', ')
  const key = target.key.map(quote)
  return [
    {
      sql: `INSERT INTO ${table(target)} (${names})
SELECT ${names} FROM (
  SELECT ${names}, row_number() OVER (PARTITION BY ${key.join(', ')} ORDER BY ${key.join(', ')}) AS ${quote(RANK)}
  FROM ${stage} AS __r
) AS __s
WHERE ${quote(RANK)} = 1 AND NOT EXISTS (SELECT 1 FROM ${table(target)} AS __t WHERE ${sameKey(key, '__s', '__t')})`,
      counts: true,
    },
  ]
}

const giver = (trait: number): string => `__giver_${trait}`

const isMeant = ({ quote }: MergeDialect): string =>
  `${quote('user_id')} IS NOT NULL AND ${quote('trait_set')} IS NOT NULL`

const clock = ({ quote }: MergeDialect, row: string): SortKey[] =>
  ['received_at', 'timestamp', 'id'].map((column) => [`${row}.${quote(column)}`])

const copied = (name: string): UpsertColumn => ({ name, inserted: (s) => `${s}.${name}` })

/** Whether a trait has a value that differs from the one that is there. */
function changes({ quote, textKeys }: MergeDialect, { name, type }: TypedColumn, s: string, t: string): Case[] {
  const given = textKeys(`${s}.${quote(name)}`, type)
  const there = textKeys(`${t}.${quote(name)}`, type)
  return [
    [`${s}.${quote(name)} IS NOT NULL AND ${t}.${quote(name)} IS NULL`, true],
    ...given.map((key, position): Case => [`${key} <> ${there[position]}`, true]),
  ]
}
