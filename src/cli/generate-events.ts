import { createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { type GenerateOptions, generateCalls } from '../engage/generate.ts'
import { EXIT } from './exit-codes.ts'
import { ProgressLine } from './progress.ts'

export interface GenerateEventsOptions extends GenerateOptions {
  /** File to write, compressed where its name ends in .gz; absent: standard output. */
  out?: string
}

export async function run({ out, ...options }: GenerateEventsOptions): Promise<number> {
  if (out === undefined) {
    await pipeline(pieces(options), process.stdout, { end: false })
    return EXIT.ok.code
  }
  using progress = new ProgressLine(process.stderr)
  const calls = pieces(options, (done) => progress.update(out, done, 'calls', done / options.count))
  const file = createWriteStream(out)
  await (out.endsWith('.gz') ? pipeline(calls, createGzip(), file) : pipeline(calls, file))
  return EXIT.ok.code
}

const PIECE_CHARS = 65_536

/** The lines in pieces of some size: a write for each line would take longer than to make it. */
function* pieces(options: GenerateOptions, onPiece: (done: number) => void = () => {}): Generator<string> {
  let piece = ''
  let done = 0
  for (const line of generateCalls(options)) {
    piece += `${line}\n`
    done++
    if (piece.length >= PIECE_CHARS) {
      yield piece
      onPiece(done)
      piece = ''
    }
  }
  yield piece
}
