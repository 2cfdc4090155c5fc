// Python packages that test servers are made of, each set pinned by the requirements.txt of its folder.
import { execFile, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** Whether there is a Python that can make virtual environments: Debian has that in a package of its own. */
export const hasPython = (): boolean => spawnSync('python3', ['-c', 'import venv, ensurepip']).status === 0

/** Runs below a lock: what another process has made meanwhile is taken, what was left half made is made again. */
const MAKE = `
[ -e "$VENV/ready" ] && exit
rm -rf "$VENV"
python3 -m venv "$VENV"
"$VENV/bin/python" -m pip install --quiet --no-input --disable-pip-version-check --requirement requirements.txt
[ ! -e after-install.py ] || "$VENV/bin/python" after-install.py
touch "$VENV/ready"`

/**
 * The `python` of a virtual environment with the packages that a folder's requirements.txt names (exact versions): made
 * when it is asked for first, kept in the user's cache folder. The folder's after-install.py, if any, runs once in it.
 * Throws where there is no Python, or where the packages cannot be had.
 */
export async function pythonVenv(folder: string): Promise<string> {
  const cache = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'engageops/tools')
  const venv = path.join(cache, `python-${path.basename(folder)}-${await hashOf(folder)}`)
  if (!existsSync(path.join(venv, 'ready'))) {
    await mkdir(cache, { recursive: true })
    // Other systems than Linux have no flock: there two that start at once get in each other's way.
    const lock = process.platform === 'linux' ? ['flock', `${venv}.lock`] : []
    const [command = '', ...args] = [...lock, 'nice', 'sh', '-ec', MAKE]
    await run(command, args, { cwd: folder, env: { ...process.env, VENV: venv } })
  }
  return path.join(venv, 'bin/python')
}

/** What the environment depends on: its Python too, which it links to. */
async function hashOf(folder: string): Promise<string> {
  const { stdout } = await run('python3', ['-c', 'import sys; print(sys.version, sys.base_prefix)'])
  const hash = createHash('sha256').update(stdout)
  for (const file of ['requirements.txt', 'after-install.py']) {
    const found = path.join(folder, file)
    if (existsSync(found)) hash.update(file).update(readFileSync(found))
  }
  return hash.digest('hex').slice(0, 16)
}
