import type { Statement } from '../port.ts'
import { isSame, type Removal, sameKey, type Upsert } from '../upsert.ts'

/** Temporary tables: they come before all others of their name. */
const REPLACEMENTS = '"eo_replacements"'
const REMOVALS = '"eo_removals"'
const IS_NEW = '"__is_new"'
/** Names of rows inside of statements: see ../upsert.ts. */
const [R, S, T] = ['__r', '__s', '__t'] as const

/**
 * An upsert in a transaction: Redshift's MERGE takes no condition beside ON and no query as its source. The rows as they
 * are to be are kept first, so that both statements see the target as it was.
 */
export function replaceRows(upsert: Upsert): Statement[] {
  const { target, source, key, columns, when } = upsert
  const names = columns.map(({ name }) => name).join(', ')
  const values = columns.map(({ name, inserted, updated }) => `${updated?.(S, T) ?? inserted(S)} AS ${name}`)
  const isNew = `${T}.${key[0]} IS NULL`
  const assignments = columns.filter(({ name }) => !key.includes(name)).map(({ name }) => `${name} = ${R}.${name}`)
  return [
    {
      sql: `CREATE TEMP TABLE ${REPLACEMENTS} AS
SELECT ${values.join(', ')}, CASE WHEN ${isNew} THEN 1 ELSE 0 END AS ${IS_NEW}
FROM (
${source}
) AS ${S} LEFT JOIN ${target} AS ${T} ON ${isSame(upsert, S, T)}
WHERE ${isNew} OR ${when(S, T)}`,
      counts: false,
    },
    {
      sql: `UPDATE ${target} AS ${T} SET ${assignments.join(', ')}
FROM ${REPLACEMENTS} AS ${R} WHERE ${isSame(upsert, R, T)} AND ${R}.${IS_NEW} = 0`,
      counts: true,
    },
    {
      sql: `INSERT INTO ${target} (${names})\nSELECT ${names} FROM ${REPLACEMENTS} WHERE ${IS_NEW} = 1`,
      counts: true,
    },
    { sql: `DROP TABLE ${REPLACEMENTS}`, counts: false },
  ]
}

/** Deletes the rows whose keys a query gives. The target of a DELETE has no other name than its own. */
export function removeRows({ target, source, key }: Removal): Statement[] {
  return [
    { sql: `CREATE TEMP TABLE ${REMOVALS} AS\n${source}`, counts: false },
    { sql: `DELETE FROM ${target} USING ${REMOVALS} AS ${R} WHERE ${sameKey(key, R, target)}`, counts: false },
    { sql: `DROP TABLE ${REMOVALS}`, counts: false },
  ]
}
