import type { TypedColumn } from '../../model/table.ts'
import { csvRows } from '../csv.ts'
import type { StagePart } from '../port.ts'
import { quote, sqlType, text } from './sql.ts'

/** Characters and rows of one statement: a longer one would take long to parse. A row may have more by itself. */
const CHARACTERS = 1 << 20
const ROWS = 1000

/** Statements that insert the rows of a part as texts, which are converted once for all. */
export async function* insertStatements(
  stage: string,
  columns: readonly TypedColumn[],
  part: StagePart,
): AsyncGenerator<string> {
  const types = new Map(columns.map(({ name, type }) => [name, sqlType(type)]))
  const names = part.columns.map(quote).join(', ')
  const values = part.columns.map((name, position) => `CAST(_c${position} AS ${types.get(name)})`).join(', ')
  const cells = part.columns.map((_, position) => `_c${position}`).join(', ')
  const head = `INSERT INTO ${stage} (${names})\nSELECT ${values} FROM VALUES\n`
  const statement = (lines: readonly string[]) => `${head}${lines.join(',\n')}\nAS cells (${cells})`
  let lines: string[] = []
  let characters = 0
  for await (const row of csvRows(part.path)) {
    const line = `(${row.map((cell) => (cell === null ? 'NULL' : text(cell))).join(', ')})`
    if (lines.length === ROWS || (lines.length > 0 && characters + line.length > CHARACTERS)) {
      yield statement(lines)
      lines = []
      characters = 0
    }
    lines.push(line)
    characters += line.length
  }
  if (lines.length > 0) yield statement(lines)
}
