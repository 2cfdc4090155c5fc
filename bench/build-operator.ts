import { execFile } from 'node:child_process'
import { copyFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

const ROOT = join(import.meta.dirname, '..')
/** Ignored by git, and below the packages that the program needs. */
const FOLDER = join(ROOT, 'tmp/bench')

/** Compiles the program as the image has it, and returns the file to run. */
export async function buildOperator(): Promise<string> {
  const outDir = join(FOLDER, 'dist')
  await mkdir(FOLDER, { recursive: true })
  await copyFile(join(ROOT, 'package.json'), join(FOLDER, 'package.json'))
  await promisify(execFile)('npm', ['exec', '--', 'tsc', '-p', 'tsconfig.build.json', '--outDir', outDir], {
    cwd: ROOT,
  })
  return join(outDir, 'cli/main.js')
}
