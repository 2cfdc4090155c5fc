import { stripVTControlCharacters, styleText } from 'node:util'

export type Style = 'green' | 'yellow' | 'red' | 'dim'
export type Cell = string | { text: string; style: Style }

const GAP = '   '

/** A table like those of kubectl: upper-case headers, columns three spaces apart, no space at the end of a line. */
export function renderTable(headers: readonly string[], rows: readonly (readonly Cell[])[], colour = false): string {
  const lines = [headers.map((header) => header.toUpperCase()), ...rows].map((row) => row.map(plainCell))
  const widths = headers.map((_, column) => Math.max(...lines.map((row) => displayWidth(row[column]?.text ?? ''))))
  const renderLine = (row: PlainCell[]) =>
    row
      .map(({ text, style }, column) => {
        const last = column === row.length - 1
        const padding = last ? '' : ' '.repeat((widths[column] ?? 0) - displayWidth(text))
        return paint(text, style, colour) + padding
      })
      .join(GAP)
      .trimEnd()
  return lines.map((row) => `${renderLine(row)}\n`).join('')
}

interface PlainCell {
  text: string
  style: Style | undefined
}

function plainCell(cell: Cell): PlainCell {
  return typeof cell === 'string'
    ? { text: printable(cell), style: undefined }
    : { text: printable(cell.text), style: cell.style }
}

export const paint = (text: string, style: Style | undefined, colour: boolean): string =>
  colour && style !== undefined ? styleText(style, text, { validateStream: false }) : text

/** Text that keeps to its line and cannot steer the terminal, wherever it comes from. */
export const printable = (text: string): string =>
  stripVTControlCharacters(text)
    .replaceAll(/\s+/g, ' ')
    .replaceAll(/\p{Cc}/gu, '')

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' })
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\uFE0F/u
const NARROW = /^[\x20-\x7E]*$/

/** Columns that a text takes on a terminal: two for each wide character (Chinese, Japanese, Korean, emoji). */
export function displayWidth(text: string): number {
  if (NARROW.test(text)) return text.length
  return Array.from(graphemes.segment(text)).reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0)
}
