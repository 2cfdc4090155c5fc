// Command-line tools that come as Go modules, each pinned by the go.mod and go.sum of its folder in test/tools.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)
const tools = path.join(import.meta.dirname, '../test/tools')

/** Whether there is a Go to build tools with. */
export const hasGo = (): boolean => spawnSync('go', ['version']).status === 0

/**
 * Runs below a lock: what another process has built meanwhile is taken. Tools run for seconds and compile for minutes: a
 * third of that time goes into making them faster and debuggable.
 */
const BUILD = `
[ -e "$BINARY" ] && exit
go build -trimpath -gcflags='all=-N -l -dwarf=false' -ldflags='-s -w' -o "$BINARY.new" "$PACKAGE"
mv "$BINARY.new" "$BINARY"`

/**
 * The path of a tool's binary: built when it is asked for first (helm takes minutes), kept in the user's cache folder.
 * Throws where there is no Go, or where its modules cannot be had.
 */
export async function goTool(name: string): Promise<string> {
  const folder = path.join(tools, name)
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'engageops/tools')
  const binary = path.join(cache, `${name}-${await hashOf(folder)}`)
  if (!existsSync(binary)) {
    await mkdir(cache, { recursive: true })
    // Other systems than Linux have no flock: there two that start at once both build.
    const lock = process.platform === 'linux' ? ['flock', `${binary}.lock`] : []
    const [command = '', ...args] = [...lock, 'nice', 'sh', '-ec', BUILD]
    await run(command, args, {
      cwd: folder,
      env: { ...process.env, CGO_ENABLED: '0', BINARY: binary, PACKAGE: packageOf(folder) },
    })
  }
  return binary
}

/** What the binary depends on. */
async function hashOf(folder: string): Promise<string> {
  const hash = createHash('sha256').update((await run('go', ['version'])).stdout)
  for (const file of readdirSync(folder).sort()) hash.update(file).update(readFileSync(path.join(folder, file)))
  return hash.digest('hex').slice(0, 16)
}

/** The package that go.mod names as a tool; else the folder's own. */
const packageOf = (folder: string): string =>
  /^tool (\S+)$/m.exec(readFileSync(path.join(folder, 'go.mod'), 'utf8'))?.[1] ?? '.'
