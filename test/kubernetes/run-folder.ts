// The state of one cluster: a folder that is thrown away, with the logs and the ids of its processes. Whatever the
// cluster made can be found from it, also by a later run when this one was killed.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, readdirSync, readFileSync, rmdirSync, rmSync } from 'node:fs'
import { mkdtemp, open, rename, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { eventually } from './eventually.ts'

const PREFIX = 'engageops-kubernetes-'

/** Makes a run folder, and ends what runs have left that are gone. */
export async function makeRunFolder(): Promise<string> {
  for (const run of globSync(path.join(tmpdir(), `${PREFIX}*`))) if (await takeOver(run)) await removeRun(run)
  const run = await mkdtemp(path.join(tmpdir(), PREFIX))
  await writeFile(path.join(run, 'owner'), String(process.pid))
  return run
}

/** Makes this process the owner of a run whose owner is gone; false where that one lives, or another was first. */
async function takeOver(run: string): Promise<boolean> {
  const owner = path.join(run, 'owner')
  if (existsSync(`/proc/${read(owner)}`)) return false
  try {
    await rename(owner, path.join(run, `owner-${read(owner)}`))
  } catch {
    return false
  }
  await writeFile(owner, String(process.pid))
  return true
}

/** Starts a process that leads a group of its own; its output goes to NAME.log, its id to NAME.pid. */
export async function startProcess(
  run: string,
  name: string,
  [program = '', ...args]: readonly string[],
  environment: Readonly<Record<string, string>> = {},
) {
  const log = await open(path.join(run, `${name}.log`), 'a')
  const env = { ...process.env, ...environment }
  const child = spawn(program, args, { cwd: run, env, detached: true, stdio: ['ignore', log.fd, log.fd] })
  await once(child, 'spawn')
  child.unref()
  await log.close()
  await writeFile(path.join(run, `${name}.pid`), String(child.pid))
}

/** Kills a process of the run at once, with its group: its state is thrown away, or must bear it. */
export async function killProcess(run: string, name: string): Promise<void> {
  const pid = Number(read(path.join(run, `${name}.pid`)))
  if (isOfRun(pid, run)) process.kill(-pid, 'SIGKILL')
  await eventually(`the end of ${name}`, 10, async () => !isOfRun(pid, run))
}

/** Throws where a process has ended, with the end of its log. */
export function failIfEnded(run: string, name: string): void {
  // Not by its command line, which is empty for a moment when a program takes the place of the one that starts it.
  if (existsSync(`/proc/${read(path.join(run, `${name}.pid`))}`)) return
  throw new Error(`${name} has ended:\n${read(path.join(run, `${name}.log`)).slice(-2000)}`)
}

/** Ends all that a run has started, and removes its mounts, control groups, network and files. */
export async function removeRun(run: string): Promise<void> {
  for (const file of globSync(path.join(run, '*.pid'))) await killProcess(run, path.basename(file, '.pid'))
  await killShims(run)
  const network = read(path.join(run, 'network'))
  if (network !== '') await killCgroups(network)
  for (const mount of mountsBelow(run)) execFileSync('umount', ['--lazy', mount])
  if (existsSync(`/run/netns/${network}`) && network !== '') execFileSync('ip', ['netns', 'delete', network])
  rmSync(run, { recursive: true, force: true })
}

/** A process is of a run when its command line names the folder; that of one that has ended is empty. */
function isOfRun(pid: number, run: string): boolean {
  return pid > 0 && read(`/proc/${pid}/cmdline`).includes(`${run}/`)
}

/** Containerd's shims outlive it. */
async function killShims(run: string): Promise<void> {
  const shims = readdirSync('/proc')
    .map(Number)
    .filter((pid) => isOfRun(pid, run) && read(`/proc/${pid}/cmdline`).includes('containerd-shim'))
  for (const pid of shims) process.kill(pid, 'SIGKILL')
  await eventually('the end of the shims', 10, async () => !shims.some((pid) => isOfRun(pid, run)))
}

/** Ends the processes of pods, which are those in the control groups below `name`, and removes the groups. */
async function killCgroups(name: string): Promise<void> {
  await eventually(`the end of the pods of ${name}`, 20, async () => {
    const folders = cgroups(name)
    const pids = folders.flatMap((folder) => read(path.join(folder, 'cgroup.procs')).split('\n').filter(Boolean))
    for (const pid of new Set(pids)) {
      try {
        process.kill(Number(pid), 'SIGKILL')
      } catch {} // it has ended
    }
    for (const folder of folders) {
      try {
        rmdirSync(folder)
      } catch {} // a process of it has not ended yet
    }
    return cgroups(name).length === 0
  })
}

/** The control groups below `name` in every hierarchy, inner ones first. */
function cgroups(name: string): string[] {
  return globSync([`/sys/fs/cgroup/${name}/**/`, `/sys/fs/cgroup/*/${name}/**/`])
    .map((folder) => path.resolve(folder))
    .sort()
    .reverse()
}

function mountsBelow(run: string): string[] {
  const points = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
  return points
    .filter((point) => point.startsWith(`${run}/`))
    .sort()
    .reverse()
}

/** The text of a file; empty where there is none, as when its process has ended. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return ''
  }
}
