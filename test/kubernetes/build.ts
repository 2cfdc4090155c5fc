// Builds the processes of Kubernetes (binary/) into the user's cache, once. `node test/kubernetes/build.ts` prints where.
import { execFile, execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const SOURCES = path.join(import.meta.dirname, 'binary')
const CACHE = path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'engageops/kubernetes')

/** The folder that holds the processes, where these sources were built; without Go, by any version of it. */
export function builtProcesses(): string | undefined {
  const go = goVersion()
  const built = new RegExp(`^${sourcesHash()}-${go ?? 'go[0-9.]+'}$`)
  const name = existsSync(CACHE) ? readdirSync(CACHE).find((entry) => built.test(entry)) : undefined
  return name === undefined ? undefined : path.join(CACHE, name)
}

/** The version of the Go on this machine, such as go1.26.8. */
export function goVersion(): string | undefined {
  try {
    return execFileSync('go', ['env', 'GOVERSION'], { cwd: SOURCES, encoding: 'utf8' }).trim()
  } catch {
    return undefined
  }
}

/**
 * Runs below a lock, which ends with the process: what another test run has built meanwhile is taken. Go's cache of the
 * build, 3 GB, goes at once.
 */
const BUILD = `
[ -e "$FOLDER" ] && exit
new="$FOLDER.new"
trap 'rm -rf "$new"' EXIT
rm -rf "$new"
export GOCACHE="$new/cache" CGO_ENABLED=0
go build -trimpath -buildvcs=false -ldflags "-s -w $VERSION" -o "$new/processes/kubernetes" .
go build -trimpath -buildvcs=false -ldflags '-s -w' -o "$new/processes/pause" ./pause
for name in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy coredns kubectl; do
  ln -s kubernetes "$new/processes/$name"
done
mv "$new/processes" "$FOLDER"`

/** Builds the processes where that is still to be done, in 5 minutes or, on busy cores, 15, and returns their folder. */
export async function buildProcesses(): Promise<string> {
  const built = builtProcesses()
  if (built !== undefined) return built
  const folder = path.join(CACHE, `${sourcesHash()}-${goVersion()}`)
  mkdirSync(CACHE, { recursive: true })
  await promisify(execFile)('flock', [`${folder}.lock`, 'nice', '-n', '10', 'sh', '-ec', BUILD], {
    cwd: SOURCES,
    env: { ...process.env, FOLDER: folder, VERSION: versionFlags() },
    maxBuffer: 64 << 20,
  })
  return folder
}

function sourcesHash(): string {
  const hash = createHash('sha256')
  for (const file of ['go.mod', 'go.sum', 'main.go', 'pause/main.go'])
    hash.update(readFileSync(path.join(SOURCES, file)))
  return hash.update(BUILD).digest('hex').slice(0, 12)
}

/** Without these the processes call themselves v0.0.0, and refuse each other. */
function versionFlags(): string {
  const [version, major, minor] =
    /k8s\.io\/kubernetes v(\d+)\.(\d+)\.\d+/.exec(readFileSync(path.join(SOURCES, 'go.mod'), 'utf8')) ?? []
  const set = (name: string, value = '') => `-X k8s.io/component-base/version.${name}=${value}`
  return [set('gitVersion', version?.split(' ')[1]), set('gitMajor', major), set('gitMinor', minor)].join(' ')
}

if (import.meta.main) console.log(await buildProcesses())
