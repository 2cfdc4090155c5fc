import { readFileSync } from 'node:fs'

/** MiB of a process, as the kernel counts them: the most so far, or now. */
export function memoryOf(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  const line = readFileSync(`/proc/${pid}/status`, 'utf8')
    .split('\n')
    .find((it) => it.startsWith(field))
  return Number(line?.replace(/\D/g, '')) / 1024
}
