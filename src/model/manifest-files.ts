import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { extname, join } from 'node:path'

export interface ManifestFile {
  /** Path as people know it: the given path, and what lies below it. */
  file: string
  text: string
}

export interface FileError {
  file: string
  /** Absent where the whole file is meant. */
  line?: number
  message: string
}

const EXTENSIONS = ['.yaml', '.yml', '.json']
const MAX_BYTES = 10 * 1024 * 1024
/** What standard input is called where a file would be named. */
export const STDIN = 'stdin'

/**
 * Reads files, and folders with all that lies below them (.yaml, .yml and .json in the order of their names; what
 * begins with a dot, and node_modules, is left out). `-` is the text of standard input.
 */
export function readManifestFiles(
  paths: readonly string[],
  stdin = '',
): { files: ManifestFile[]; errors: FileError[] } {
  const files: ManifestFile[] = []
  const errors: FileError[] = []
  const seen = new Set<string>()

  const visit = (path: string): void => {
    try {
      const real = realpathSync(path)
      if (seen.has(real)) return
      seen.add(real)
      if (isFolder(path)) for (const entry of entriesOf(path)) visit(entry)
      else files.push({ file: path, text: decode(readFileSync(path)) })
    } catch (error) {
      errors.push({ file: path, ...describeError(error) })
    }
  }

  for (const path of paths) {
    if (path !== '-') visit(path)
    else if (Buffer.byteLength(stdin) > MAX_BYTES) {
      errors.push({ file: STDIN, message: tooBig(Buffer.byteLength(stdin)) })
    } else files.push({ file: STDIN, text: withoutMark(stdin) })
  }
  return { files, errors }
}

class ManifestFileError extends Error {
  readonly line: number | undefined
  constructor(message: string, line?: number) {
    super(message)
    this.line = line
  }
}

/** Whether the path is a folder; if not, it is a file (or a pipe, as of `<(command)`) that is not too big. */
function isFolder(path: string): boolean {
  const stat = statSync(path)
  if (stat.isDirectory()) return true
  if (!stat.isFile() && !stat.isFIFO()) throw new ManifestFileError('is neither a file nor a folder: correct the path')
  if (stat.size > MAX_BYTES) throw new ManifestFileError(tooBig(stat.size))
  return false
}

/** Sub-folders and manifests of a folder, in the order of their names. */
function entriesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => !name.startsWith('.') && name !== 'node_modules')
    .sort()
    .map((name) => join(folder, name))
    .filter((path) => EXTENSIONS.includes(extname(path)) || statSync(path, { throwIfNoEntry: false })?.isDirectory())
}

const tooBig = (bytes: number) => `has ${Math.ceil(bytes / 1024 / 1024)} MB, at most 10 are read: split the file`

function decode(bytes: Buffer): string {
  if (isUtf8(bytes)) return withoutMark(bytes.toString('utf8'))
  throw new ManifestFileError('is not UTF-8: save the file as UTF-8', firstBadLine(bytes))
}

function firstBadLine(bytes: Buffer): number {
  let line = 1
  for (let start = 0; start < bytes.length; line++) {
    const end = bytes.indexOf(0x0a, start)
    const next = end === -1 ? bytes.length : end + 1
    if (!isUtf8(bytes.subarray(start, next))) return line
    start = next
  }
  return 1
}

/** Without the byte order mark. */
function withoutMark(text: string): string {
  return text.startsWith('\uFEFF') ? text.slice(1) : text
}

function describeError(error: unknown): { line?: number; message: string } {
  if (error instanceof ManifestFileError) {
    return { ...(error.line !== undefined && { line: error.line }), message: error.message }
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT') return { message: 'does not exist: correct the path' }
  if (code === 'EACCES' || code === 'EPERM') return { message: 'cannot be read: give read permission' }
  if (typeof code === 'string') return { message: `cannot be read (${code})` }
  throw error
}
