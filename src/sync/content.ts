import { parseCall } from '../engage/parse-call.ts'
import type { Checkpoints } from './checkpoints.ts'
import { END } from './checkpoints.ts'
import { LineSplitter } from './lines.ts'
import type { Work } from './sync.ts'

const LF = 0x0a
const CR = 0x0d
/** The last line end of a file is looked for in so many bytes first. */
const TAIL = 1 << 16

/** The content of an object, as far as the ledger knows it. */
export interface Content {
  version: string
  /** Position of every subscription; absent where the content is new. */
  reached?: Float64Array
  /** When its first lines were first seen; absent where they never were. */
  firstSeen?: string
  /** Whether the object had another content under this version before. */
  rewritten: boolean
}

/**
 * Finds the content that an object has now. A file that was rewritten in place may keep its first line, and with it the
 * version of its source: it then counts as a further content, with positions of its own.
 */
export async function contentOf(work: Work, checkpoints: Checkpoints): Promise<Content> {
  const { source, object } = work
  const first = await source.version(object)
  let found: Content = { version: first, rewritten: false }
  for (let number = 2; ; number++) {
    const known = checkpoints.of(source.name, object.key, found.version)
    if (!known) break
    found = { ...found, ...known }
    const next = `${first}.${number}`
    const isLatest = !checkpoints.of(source.name, object.key, next)
    if (isLatest && (await goesOn(work, known.reached))) break
    found = { version: next, firstSeen: known.firstSeen, rewritten: isLatest }
  }
  return found
}

/** Whether the object can still be what was read before: it is no shorter, and a line ends where reading ended. */
async function goesOn({ source, object }: Work, reached: Float64Array): Promise<boolean> {
  if (!object.growing) return true
  for (const position of new Set(reached)) {
    if (position === 0 || position === object.bytes) continue
    if (position > object.bytes) return false
    for await (const [before, after] of source.open(object, position - 1)) {
      if (before !== LF && after !== LF && after !== CR) return false
      break
    }
  }
  return true
}

/** Where an object ends for now: behind its last complete line. */
export async function endOf(work: Work, from = Math.max(0, work.object.bytes - TAIL)): Promise<number> {
  const { source, object } = work
  if (!object.growing) return END
  const splitter = new LineSplitter(from)
  let left = object.bytes - from
  for await (const piece of source.open(object, from)) {
    splitter.push(piece.subarray(0, left), ignore)
    left -= piece.length
    if (left <= 0) break
  }
  if (from > 0 && splitter.lines === 0) return endOf(work, 0)
  splitter.finish(ignore, isCall)
  return splitter.position
}

/** Whether a line that has no end yet is complete: what is cut off is no JSON object. */
export const isCall = (line: Buffer): boolean => 'call' in parseCall(line.toString())

const ignore = (): void => undefined
