import type { LogicalType } from '../../model/table.ts'
import { csvRows } from '../csv.ts'
import type { StagePart } from '../port.ts'

/** Size of the pieces that are handed on, in characters. */
const PIECE = 1 << 18

/**
 * The rows of stage files as lines of JSON, a NULL as no member at all. BigQuery's own CSV has rules for what an empty
 * cell, a blank or a control character is; JSON has none.
 */
export async function* jsonLines(
  parts: readonly StagePart[],
  types: ReadonlyMap<string, LogicalType>,
): AsyncGenerator<string> {
  let lines = ''
  for (const part of parts) {
    const cells = part.columns.map((name) => cellWriter(name, types.get(name) ?? 'String'))
    for await (const row of csvRows(part.path)) {
      let line = ''
      for (const [number, text] of row.entries()) {
        const write = cells[number]
        if (text !== null && write) line += (line === '' ? '' : ',') + write(text)
      }
      lines += `{${line}}\n`
      if (lines.length < PIECE) continue
      yield lines
      lines = ''
    }
  }
  if (lines !== '') yield lines
}

/** Numbers of more digits than a double has are text, as in BigQuery's own exports. */
function cellWriter(name: string, type: LogicalType): (text: string) => string {
  const member = `${JSON.stringify(name)}:`
  const isBare = type === 'Boolean' || type === 'Float'
  return isBare ? (text) => member + text : (text) => member + JSON.stringify(text)
}
