import type { Readable } from 'node:stream'
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib'

const PIECE = 1 << 17

/** Compressed bytes, which can be read from any place on. */
export interface CompressedBytes {
  key: string
  /** How many there are. */
  size: number
  readFrom(start: number): Readable
}

/** The decompressed bytes behind the first `skipped`. Throws what zlib throws, or what reading throws. */
export function decompressed(bytes: CompressedBytes, skipped: number): AsyncIterable<Buffer> {
  return skip(bytes.key.endsWith('.gz') ? decompress(bytes.readFrom(0), gunzip()) : readZstd(bytes), skipped)
}

const gunzip = (): Gunzip => createGunzip({ chunkSize: PIECE })

/** Frame by frame: where Node's decompressor for zstd meets the end of one, it leaves the rest of its input alone. */
async function* readZstd({ size, readFrom }: CompressedBytes): AsyncIterable<Buffer> {
  let start = 0
  let read: number
  do {
    const frame = createZstdDecompress({ chunkSize: PIECE })
    yield* decompress(readFrom(start), frame)
    read = frame.bytesWritten
    start += read
  } while (read > 0 && start < size)
}

async function* decompress(input: Readable, stream: Gunzip | ZstdDecompress): AsyncIterable<Buffer> {
  input.on('error', (error) => stream.destroy(error))
  try {
    yield* input.pipe(stream) as AsyncIterable<Buffer>
  } finally {
    input.destroy()
  }
}

async function* skip(pieces: AsyncIterable<Buffer>, bytes: number): AsyncIterable<Buffer> {
  let left = bytes
  for await (const piece of pieces) {
    if (left >= piece.length) left -= piece.length
    else {
      yield left > 0 ? piece.subarray(left) : piece
      left = 0
    }
  }
}
