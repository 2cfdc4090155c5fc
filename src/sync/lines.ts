const LF = 0x0a
const CR = 0x0d
const BOM = Buffer.from([0xef, 0xbb, 0xbf])

/** Called for every complete line: `bytes` without line end, `start` as offset in the object. */
export type OnLine = (bytes: Buffer, start: number) => void

/**
 * Cuts pieces of bytes into lines. CRLF, a byte order mark at the start of the object and blank lines are taken as they
 * come; what is left at the end is only a line where `finish` is told so.
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

  /** Takes the bytes after the last line end as a line too, if they are one. */
  finish(onLine: OnLine, isLine: (bytes: Buffer) => boolean = () => true): void {
    if (this.#restLength === 0) return
    const rest = Buffer.concat(this.#rest)
    if (isLine(this.#strip(rest))) this.#emit(rest, 0, onLine)
  }

  /** Whether something after the last line end waits for more. */
  get waiting(): boolean {
    return this.#restLength > 0
  }

  #emit(bytes: Buffer, lineEnd: number, onLine: OnLine): void {
    const line = this.#strip(bytes)
    const start = this.position
    this.position = start + bytes.length + lineEnd
    this.lines++
    this.#rest = []
    this.#restLength = 0
    if (!isBlank(line)) onLine(line, start)
  }

  /** Without byte order mark and CR. */
  #strip(bytes: Buffer): Buffer {
    const from = this.position === 0 && BOM.equals(bytes.subarray(0, BOM.length)) ? BOM.length : 0
    return bytes.subarray(from, bytes.length > from && bytes.at(-1) === CR ? -1 : undefined)
  }
}

const isBlank = (line: Buffer): boolean => (line[0] ?? 0) <= 0x20 && line.toString().trim() === ''
