import type { LogicalType } from '../../model/table.ts'
import { quote } from '../ansi.ts'
import { csvRows } from '../csv.ts'
import type { StagePart } from '../port.ts'
import { textLiteral } from './dialect.ts'
import type { ColumnTypes } from './load.ts'

/** Redshift takes statements of 16 MB. */
const STATEMENT_BYTES = 15 << 20

/** The statements that insert the rows of a part, each as long as one may be, or of one row. */
export async function* insertStatements(stage: string, part: StagePart, types: ColumnTypes): AsyncGenerator<string> {
  const typesOfPart = part.columns.map((name) => types.get(name) ?? 'String')
  const head = `INSERT INTO ${stage} (${part.columns.map(quote).join(', ')}) VALUES\n`
  let rows: string[] = []
  let bytes = head.length
  for await (const cells of csvRows(part.path)) {
    const row = `(${cells.map((cell, position) => constantOf(cell, typesOfPart[position] ?? 'String')).join(', ')})`
    const length = Buffer.byteLength(row) + 2
    if (rows.length > 0 && bytes + length > STATEMENT_BYTES) {
      yield head + rows.join(',\n')
      rows = []
      bytes = head.length
    }
    rows.push(row)
    bytes += length
  }
  if (rows.length > 0) yield head + rows.join(',\n')
}

/** Rows of VALUES are constants: their column gives them their type. */
function constantOf(cell: string | null, type: LogicalType): string {
  if (cell === null) return 'NULL'
  return type === 'String' || type === 'Json' || type === 'Timestamp' ? textLiteral(cell) : cell
}
