import { closeSync, mkdirSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { hostname } from 'node:os'
import { dirname } from 'node:path'
import { EngageError } from '../model/errors.ts'
import { codeOf, readIfThere } from './atomic-file.ts'

/** Locks that this process holds: after a restart in a container its own process id may be the dead one's. */
const held = new Set<string>()

/**
 * Takes the lock file of a folder, so that two programs do not change one folder at a time; one whose process has ended is
 * taken over. Throws LeaseHeld where another process has it.
 */
export function lockFolder(path: string): Disposable {
  mkdirSync(dirname(path), { recursive: true })
  if (held.has(path) || !(tryToLock(path) || (isStale(path) && tryToTakeOver(path)))) {
    throw new EngageError(
      'LeaseHeld',
      'Wait',
      `${path} is held by ${holderOf(path)}: wait for it, or end it; if it is gone for good, delete the file`,
    )
  }
  held.add(path)
  return {
    [Symbol.dispose]() {
      rmSync(path, { force: true })
      held.delete(path)
    },
  }
}

function tryToLock(path: string): boolean {
  try {
    const file = openSync(path, 'wx')
    writeSync(file, JSON.stringify({ pid: process.pid, host: hostname() }))
    closeSync(file)
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}

/** Of several that find a dead process's lock only one can rename it away; what is not stale after all is put back. */
function tryToTakeOver(path: string): boolean {
  const away = `${path}.${process.pid}.stale`
  try {
    renameSync(path, away)
  } catch {
    return false
  }
  if (!isStale(away)) {
    renameSync(away, path)
    return false
  }
  rmSync(away, { force: true })
  return tryToLock(path)
}

function readHolder(path: string): { pid: number; host: string } | undefined {
  try {
    const value: unknown = JSON.parse(readIfThere(path) ?? '')
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('host' in value)) return undefined
    return typeof value.pid === 'number' && typeof value.host === 'string'
      ? { pid: value.pid, host: value.host }
      : undefined
  } catch {
    return undefined
  }
}

function isStale(path: string): boolean {
  const holder = readHolder(path)
  // Between making the file and writing to it there is a moment; who ended in it is not coming back.
  if (holder === undefined) return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0) > 5000
  if (holder.host !== hostname()) return false
  return holder.pid === process.pid || !isRunning(holder.pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

function holderOf(path: string): string {
  const holder = readHolder(path)
  return holder ? `process ${holder.pid} on ${holder.host}` : 'another process'
}
