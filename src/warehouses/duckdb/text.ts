import type { LogicalType } from '../../model/table.ts'

/**
 * The text of a column's value, the same that a call with that value would have given: numbers as plain decimals,
 * timestamps as ISO 8601.
 *
 * It stands in ALTER TABLE, and DuckDB replays its log before it has a default catalog: a function or an operator that is
 * not named in full makes the log, and so the file, unreadable after a crash. Hence `system.main.` and no operators.
 */
export function textOfColumn(column: string, type: LogicalType): string {
  const text = `CAST(${column} AS VARCHAR)`
  switch (type) {
    case 'Float':
      return textOfDouble(column, text)
    case 'Decimal':
      return call('regexp_replace', text, "'\\.?0+$'", "''")
    case 'Timestamp':
      return call('regexp_replace', call('strftime', column, "'%Y-%m-%dT%H:%M:%S.%fZ'"), "'\\.000000Z$'", "'Z'")
    default:
      return text
  }
}

const call = (name: string, ...parameters: string[]): string => `system.main.${name}(${parameters.join(', ')})`

/** DuckDB writes 1.0, 1e+20 and 1e-05; stage files, whose numbers have no exponent, 1, 100000000000000000000 and 0.00001. */
function textOfDouble(column: string, text: string): string {
  const sign = `CASE WHEN ${column} < 0 THEN '-' ELSE '' END`
  const digits = call('regexp_replace', text, "'^-|\\.|e.*$'", "''", "'g'")
  const exponent = `CAST(${call('regexp_extract', text, "'e[-+]([0-9]+)$'", '1')} AS INTEGER)`
  const large = call('concat', sign, call('rpad', digits, call('add', exponent, '1'), "'0'"))
  const small = call('concat', sign, "'0.'", call('rpad', "''", call('subtract', exponent, '1'), "'0'"), digits)
  return `CASE
  WHEN ${column} = 0 THEN '0'
  WHEN ${call('regexp_matches', text, "'e\\+'")} THEN ${large}
  WHEN ${call('regexp_matches', text, "'e-'")} THEN ${small}
  ELSE ${call('regexp_replace', text, "'\\.0$'", "''")}
END`
}
