/** What Postgres takes and Redshift does not, or takes for something else. */
const REFUSED: readonly (readonly [name: string, pattern: RegExp])[] = [
  ['ON CONFLICT', /\bON CONFLICT\b/i],
  ['RETURNING', /\bRETURNING\b/i],
  ['IF [NOT] EXISTS of a column', /\bCOLUMN IF\b/i],
  ['ALTER TABLE IF EXISTS', /\bALTER TABLE IF\b/i],
  ['several changes in one ALTER TABLE', /\bALTER TABLE\b.*,\s*(ADD|DROP|ALTER) /is],
  ['ALTER COLUMN TYPE of anything but VARCHAR', /\bALTER COLUMN\b.*\b(USING|TYPE (?!character varying))/is],
  ['DISTINCT ON', /\bDISTINCT ON\b/i],
  ['IS DISTINCT FROM', /\bDISTINCT FROM\b/i],
  ['FILTER', /\bFILTER\s*\(/i],
  ['LATERAL', /\bLATERAL\b/i],
  ['MATERIALIZED', /\bMATERIALIZED\b/i],
  ['arrays', /\b(ARRAY|array_\w+|unnest|ANY|ALL)\s*[([](?!.*\bUNION)/i],
  ['generate_series', /\bgenerate_series\b/i],
  ['rows that are compared', /\bROW\s*\(/i],
  ['JSONB', /\bjsonb?\b(?! ')/i],
  ['TEXT, which is VARCHAR(256)', /\btext\b/i],
  ['VARCHAR without a length, which is VARCHAR(256)', /\b(varchar|character varying)\b(?!\s*\()/i],
  ['NUMERIC without a scale, which is NUMERIC(18,0)', /\b(numeric|decimal)\b(?!\s*\()/i],
  ['an alias of what is deleted from', /\bDELETE FROM (?=.)\S+ AS\b/i],
  ['a table that is TEMP and in a schema', /\bpg_temp\b/i],
  ['ON COMMIT', /\bON COMMIT\b/i],
  ['SAVEPOINT', /\bSAVEPOINT\b/i],
  ['rows by their place', /\b(ctid|xmin|oid::)/i],
  ['CREATE INDEX', /\bINDEX\b/i],
  ['FETCH FIRST', /\bFETCH FIRST\b/i],
  ['E strings', /\bE''/i],
  ['functions in a VALUES of several rows', /\bVALUES\b.*\),\s*\(.*\w\((?!'' AS)/is],
]

const LITERAL = /'[^'\\]*(?:(?:\\[\s\S]|'')[^'\\]*)*'/g
const IDENTIFIER = /"[^"]*(?:""[^"]*)*"/g
/** Rows of constants: the first of them are as all are. */
const ROWS = /^INSERT INTO \S+ \([^)]*\) VALUES/
const ENOUGH_OF_ROWS = 10_000
const firstRows = (sql: string): string => sql.slice(0, sql.lastIndexOf('),\n(', ENOUGH_OF_ROWS) + 1)

/** What Redshift would refuse of a statement; undefined: nothing that is known. */
export function refusedOf(sql: string): string | undefined {
  const text = ROWS.test(sql) && sql.length > ENOUGH_OF_ROWS ? firstRows(sql) : sql
  const bare = text.replace(LITERAL, "''").replace(IDENTIFIER, '""')
  return REFUSED.find(([, pattern]) => pattern.test(bare))?.[0]
}
