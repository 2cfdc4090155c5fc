import { formatCount } from './quantities.ts'
import { displayWidth } from './table.ts'

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const REDRAW_MS = 80

/** One line on a terminal that is drawn over and over; where the stream is no terminal nothing is written. */
export class ProgressLine implements Disposable {
  readonly #stream: NodeJS.WriteStream
  readonly #now: () => number
  readonly #start: number
  #drawnAt = Number.NEGATIVE_INFINITY
  #frame = 0

  constructor(stream: NodeJS.WriteStream, now: () => number = performance.now.bind(performance)) {
    this.#stream = stream
    this.#now = now
    this.#start = now()
  }

  /** Shows how much of what is done: `label  1,234 calls  5,678/s  42%`. `share` is between 0 and 1. */
  update(label: string, count: number, noun: string, share?: number): void {
    const now = this.#now()
    if (this.#stream.isTTY !== true || now - this.#drawnAt < REDRAW_MS) return
    this.#drawnAt = now
    const frame = FRAMES[this.#frame++ % FRAMES.length]
    const rate = `${formatCount(Math.round(count / Math.max(0.001, (now - this.#start) / 1000)))}/s`
    const percent = share === undefined ? [] : [`${Math.floor(Math.min(1, share) * 100)}%`]
    const line = [`${frame} ${label}`, `${formatCount(count)} ${noun}`, rate, ...percent].join('  ')
    this.#stream.write(`\r\x1b[K${fit(line, this.#stream.columns)}`)
  }

  /** Clears the line, so that what follows starts on a clean one. */
  [Symbol.dispose](): void {
    if (this.#drawnAt !== Number.NEGATIVE_INFINITY) this.#stream.write('\r\x1b[K')
  }
}

/** A line that wrapped could not be drawn over. Some terminals tell 0 columns: then 80 are taken. */
function fit(line: string, columns: number): string {
  let text = line
  while (displayWidth(text) >= (columns || 80)) text = text.slice(0, -1)
  return text
}
