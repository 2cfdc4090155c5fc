const BUFFER_BYTES = 1 << 16
/** A UTF-16 unit is at most three bytes of UTF-8. */
const MAX_BYTES_PER_CHAR = 3

type HandOver = (bytes: Buffer, width: number, rows: number) => void

/** Lines of cells, handed over by width. As bytes: text would be kept alive piece by piece until it is written. */
export class LineBuffer {
  readonly #handOver: HandOver
  #buffer = Buffer.allocUnsafe(BUFFER_BYTES)
  #length = 0
  #rows = 0
  #width = 0

  constructor(handOver: HandOver) {
    this.#handOver = handOver
  }

  /** Adds a line; one of another width than those before it hands them over first. */
  write(cells: readonly string[]): void {
    const width = cells.length
    if (width !== this.#width) {
      this.flush()
      this.#width = width
    }
    let line = cells[0] ?? ''
    for (let i = 1; i < width; i++) line += `,${cells[i]}`
    line += '\n'
    const room = line.length * MAX_BYTES_PER_CHAR
    if (room > this.#buffer.length - this.#length) {
      this.flush()
      if (room > this.#buffer.length) this.#buffer = Buffer.allocUnsafe(room)
    }
    this.#length += this.#buffer.write(line, this.#length)
    this.#rows++
  }

  /** Hands over what was built. */
  flush(): void {
    if (this.#rows === 0) return
    this.#handOver(this.#buffer.subarray(0, this.#length), this.#width, this.#rows)
    if (this.#buffer.length > BUFFER_BYTES) this.#buffer = Buffer.allocUnsafe(BUFFER_BYTES)
    this.#length = 0
    this.#rows = 0
  }
}
