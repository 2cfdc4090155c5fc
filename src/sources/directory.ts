import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, open, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { EngageError } from '../model/errors.ts'
import { decompressed } from './decompress.ts'
import { formatOf } from './formats.ts'
import type { Source, SourceObject } from './port.ts'

/** What is read at once is converted at once: the statements of a commit that is under way wait that long. */
const PIECE = 1 << 17
/** Small, since what was read of a file is read again for each frame that begins in it. */
const COMPRESSED_PIECE = 1 << 16
/** A file is the same while its first line is: read at most this much of it. */
const FINGERPRINT_BYTES = 1 << 16

/**
 * A folder of NDJSON files, read recursively: plain ones may grow, compressed ones may not. See formats.ts for what they
 * are called.
 */
export class DirectorySource implements Source {
  readonly name: string
  readonly #root: string

  constructor(name: string, root: string) {
    this.name = name
    this.#root = root
  }

  async list(): Promise<SourceObject[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
      throw new EngageError('SourceUnreachable', 'Wait', `source ${this.name}: cannot list the folder ${this.#root}`, {
        cause,
      })
    })
    const keys = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) =>
        join(entry.parentPath, entry.name).slice(this.#root.length).replaceAll('\\', '/').replace(/^\/+/, ''),
      )
      .filter((key) => formatOf(key) !== undefined)
    const objects = await Promise.all(
      keys.map(async (key) => {
        const growing = formatOf(key) === 'Plain'
        const found = await stat(join(this.#root, key)).catch((error: NodeJS.ErrnoException) => error.code)
        // A file may be gone since it was listed. What else there is to say of it, opening it says.
        if (found === 'ENOENT') return []
        if (typeof found !== 'object') return [{ key, stamp: `${found}`, bytes: 0, growing }]
        if (!found.isFile()) return []
        return [{ key, stamp: `${found.size}-${found.mtimeMs}`, bytes: found.size, growing }]
      }),
    )
    return objects.flat()
  }

  /** A hash of the first line; for compressed files of their beginning and size. */
  async version(object: SourceObject): Promise<string> {
    const file = await this.#open(object)
    try {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(FINGERPRINT_BYTES), 0, FINGERPRINT_BYTES, 0)
      const start = buffer.subarray(0, bytesRead)
      const lineEnd = start.indexOf(0x0a)
      const hash = createHash('sha256')
      if (object.growing) hash.update(lineEnd < 0 ? start : start.subarray(0, lineEnd))
      else hash.update(start).update(String(object.bytes))
      return hash.digest('hex').slice(0, 16)
    } catch (cause) {
      throw this.#unreadable(object, cause)
    } finally {
      await file.close()
    }
  }

  async *open(object: SourceObject, from: number): AsyncIterable<Buffer> {
    if (object.growing) {
      yield* this.#readFile(object, from)
      return
    }
    const path = join(this.#root, object.key)
    try {
      const { size } = await stat(path)
      const readFrom = (start: number) => createReadStream(path, { start, highWaterMark: COMPRESSED_PIECE })
      yield* decompressed({ key: object.key, size, readFrom }, from)
    } catch (cause) {
      if (cause instanceof Error && 'syscall' in cause) throw this.#unreadable(object, cause)
      const message = `source ${this.name}: ${object.key} cannot be decompressed`
      throw new EngageError('SourceUnreadable', 'Stalled', message, { cause })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #open(object: SourceObject): Promise<FileHandle> {
    return open(join(this.#root, object.key)).catch((cause: unknown) => {
      throw this.#unreadable(object, cause)
    })
  }

  /** Reads through one buffer, again and again: reading a file then costs no memory. */
  async *#readFile(object: SourceObject, from: number): AsyncIterable<Buffer> {
    await using file = await this.#open(object)
    const buffer = Buffer.allocUnsafe(PIECE)
    for (let position = from; ; ) {
      const { bytesRead } = await file.read(buffer, 0, PIECE, position).catch((cause: unknown) => {
        throw this.#unreadable(object, cause)
      })
      if (bytesRead === 0) return
      position += bytesRead
      yield buffer.subarray(0, bytesRead)
    }
  }

  #unreadable({ key }: SourceObject, cause: unknown): EngageError {
    const code = cause instanceof Error && 'code' in cause ? cause.code : cause
    const message = `source ${this.name}: ${key} cannot be read (${code}): let it stand there, readable, until it was synced`
    return new EngageError('SourceUnreadable', 'Wait', message, { cause })
  }
}
