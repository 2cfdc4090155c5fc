import { csvRows } from '../csv.ts'
import type { StagePart } from '../port.ts'
import type { ColumnTypes } from './load.ts'

const CHUNK_CHARACTERS = 1 << 20

/**
 * The rows of a part as COPY reads them: a JSON object a line, every value as text, so that numbers are kept exactly.
 * COPY of CSV would make NULL of every empty text, or of none. Comes in pieces of about a megabyte.
 */
export async function* ndjson(part: StagePart, types: ColumnTypes): AsyncGenerator<string> {
  let lines = ''
  const isTime = part.columns.map((name) => types.get(name) === 'Timestamp')
  for await (const cells of csvRows(part.path)) {
    const values = part.columns.flatMap((name, position) => {
      const cell = cells[position]
      if (cell === null || cell === undefined) return []
      return `${JSON.stringify(name)}:${JSON.stringify(isTime[position] ? timeOf(cell) : cell)}`
    })
    lines += `{${values.join(',')}}\n`
    if (lines.length < CHUNK_CHARACTERS) continue
    yield lines
    lines = ''
  }
  if (lines !== '') yield lines
}

/** As COPY knows it unless told otherwise: `YYYY-MM-DD HH:MM:SS.ffffff+00`. */
const timeOf = (iso: string): string => iso.replace('T', ' ').replace('Z', '+00')
