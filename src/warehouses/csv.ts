import { createReadStream } from 'node:fs'

/** The cells of a row: NULL, or their text. */
export type CsvRow = (string | null)[]

/** Rows of a stage file: see StagePart in ./port.ts. The file is read in pieces; one row at least is held in memory. */
export async function* csvRows(path: string): AsyncGenerator<CsvRow> {
  let row: CsvRow = []
  let cell = ''
  /** A cell starts unquoted; quoted ones end with a quote that no other follows. */
  let state: 'Start' | 'Plain' | 'Quoted' | 'QuoteInQuoted' = 'Start'
  const endCell = () => {
    row.push(state === 'Start' ? null : cell)
    cell = ''
    state = 'Start'
  }
  for await (const chunk of createReadStream(path, {
    encoding: 'utf8',
    highWaterMark: 1 << 20,
  }) as AsyncIterable<string>) {
    let from = 0
    while (from < chunk.length) {
      if (state === 'Quoted') {
        const quote = chunk.indexOf('"', from)
        const end = quote < 0 ? chunk.length : quote
        cell += chunk.slice(from, end)
        from = end + 1
        if (quote >= 0) state = 'QuoteInQuoted'
        continue
      }
      const character = chunk[from]
      from += 1
      if (character === '"') {
        if (state === 'QuoteInQuoted') cell += '"'
        state = 'Quoted'
      } else if (character === ',') endCell()
      else if (character === '\n') {
        endCell()
        yield row
        row = []
      } else {
        const next = chunk.slice(from).search(/[,\n]/)
        const end = next < 0 ? chunk.length : from + next
        cell += chunk.slice(from - 1, end)
        from = end
        state = 'Plain'
      }
    }
  }
}
