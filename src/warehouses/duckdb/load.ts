import type { StageInput, StagePart } from '../port.ts'
import { dialect } from './dialect.ts'

/** Buffers that stage files are read with; a longer line needs longer ones. */
const BUFFER_BYTES = 2_097_152

/** The statements that make a stage of a quoted name and load its parts. */
export function stageStatements(name: string, { columns, parts }: StageInput): string[] {
  const definitions = columns.map((column) => `${dialect.quote(column.name)} ${dialect.sqlType(column.type)}`)
  const types = new Map(columns.map((column) => [column.name, dialect.sqlType(column.type)]))
  return [
    `CREATE TEMP TABLE ${name} (${definitions.join(', ')})`,
    ...parts.filter((part) => part.rows > 0).map((part) => loadStatement(name, part, types)),
  ]
}

function loadStatement(stage: string, part: StagePart, types: ReadonlyMap<string, string>): string {
  const columns = part.columns.map(dialect.quote).join(', ')
  // Names play no part in reading: positions do, so that no name needs escaping inside the list.
  const buffer = Math.max(BUFFER_BYTES, part.longestLine + 1)
  const layout = part.columns.map((name, position) => `'c${position}': '${types.get(name) ?? 'VARCHAR'}'`)
  return `INSERT INTO ${stage} (${columns})
SELECT * FROM read_csv(${dialect.literal(part.path, 'String')}, delim = ',', quote = '"', escape = '"', header = false,
  auto_detect = false, new_line = '\\n', nullstr = '', allow_quoted_nulls = false,
  max_line_size = ${buffer}, buffer_size = ${buffer}, columns = {${layout.join(', ')}})`
}
