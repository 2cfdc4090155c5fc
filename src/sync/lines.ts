const LF = 0x0a
const CR = 0x0d
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** Called for every complete line: `bytes` without line end, `start` and `end` as offsets in the object. */
export type OnLine = (bytes: Buffer, start: number, end: number) => void

/**
 * Cuts pieces of bytes into lines. CRLF, a byte order mark at the start of the object and blank lines are taken as they
 * come; what is left at the end is only a line when the object cannot grow any more.
 */
export class LineSplitter {
  #rest: Buffer[] = []
  #restLength = 0
  /** Offset of the first byte that belongs to no line yet. */
  position: number
  /** Lines so far, blank ones among them. */
  lines = 0

  constructor(position: number) {
    this.position = position
  }

  push(piece: Buffer, onLine: OnLine): void {
    let from = 0
    for (;;) {
      const to = piece.indexOf(LF, from)
      if (to < 0) break
      const tail = piece.subarray(from, to)
      this.#emit(this.#restLength > 0 ? Buffer.concat([...this.#rest, tail]) : tail, 1, onLine)
      from = to + 1
    }
    if (from < piece.length) {
      this.#rest.push(Buffer.from(piece.subarray(from)))
      this.#restLength += piece.length - from
    }
  }

  /** The bytes after the last line end are a line too: the object is complete. */
  finish(onLine: OnLine): void {
    if (this.#restLength > 0) this.#emit(Buffer.concat(this.#rest), 0, onLine)
  }

  /** Whether something after the last line end waits for more. */
  get waiting(): boolean {
    return this.#restLength > 0
  }

  #emit(bytes: Buffer, lineEnd: number, onLine: OnLine): void {
    const start = this.position
    this.position = start + bytes.length + lineEnd
    this.lines++
    this.#rest = []
    this.#restLength = 0
    let line = bytes
    if (start === 0 && line.length >= 3 && BOM.equals(line.subarray(0, 3))) line = line.subarray(3)
    if (line.length > 0 && line[line.length - 1] === CR) line = line.subarray(0, line.length - 1)
    if (!isBlank(line)) onLine(line, start, this.position)
  }
}

const isBlank = (line: Buffer): boolean =>
  line.length === 0 || (line[0] as number) <= 0x20 ? line.toString().trim() === '' : false
