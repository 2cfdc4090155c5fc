// Java libraries that test servers are made of, each set pinned by the pom.xml of its folder.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether there are a Java and a Maven. */
export const hasMaven = (): boolean => spawnSync('mvn', ['--version']).status === 0

/** Runs below a lock: what another process has fetched meanwhile is taken. */
const FETCH = `
[ -e "$JARS" ] && exit
rm -rf "$JARS.new"
mvn --batch-mode --quiet --file pom.xml dependency:copy-dependencies -DoutputDirectory="$JARS.new"
mv "$JARS.new" "$JARS"`

/**
 * A folder with the jars that a folder's pom.xml names: fetched when it is asked for first, kept in the user's cache
 * folder. Throws where there is no Maven, or where the jars cannot be had.
 */
export async function mavenJars(folder: string): Promise<string> {
  const hash = createHash('sha256')
    .update(readFileSync(path.join(folder, 'pom.xml')))
    .digest('hex')
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'engageops/tools')
  const jars = path.join(cache, `maven-${path.basename(folder)}-${hash.slice(0, 16)}`)
  if (!existsSync(jars)) {
    await mkdir(cache, { recursive: true })
    // Other systems than Linux have no flock: there two that start at once get in each other's way.
    const lock = process.platform === 'linux' ? ['flock', `${jars}.lock`] : []
    const [command = '', ...args] = [...lock, 'sh', '-ec', FETCH]
    await run(command, args, { cwd: folder, env: { ...process.env, JARS: jars } })
  }
  return jars
}
