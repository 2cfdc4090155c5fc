import { spawn } from 'node:child_process'

/** What one measured process reported. */
export interface Measurement {
  seconds: number
  peakMiB: number
  /** CPU seconds of the process itself, without a server's. */
  cpuSeconds: number
  detail: string
}

/** As the first line of src/cli/main.ts has them. */
const NODE_FLAGS = ['--max-semi-space-size=16']

/** Runs a benchmark step in a process of its own, so that its memory is its own. */
export function measure(script: string, args: string[]): Promise<Measurement> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...NODE_FLAGS, script, ...args], { stdio: ['ignore', 'pipe', 'inherit'] })
    let output = ''
    child.stdout.on('data', (data: Buffer) => {
      output += data.toString()
    })
    child.on('close', (code) => {
      const last = output.trim().split('\n').at(-1) ?? ''
      if (code === 0) resolve(JSON.parse(last) as Measurement)
      else reject(new Error(`${script} ${args.join(' ')} ended with ${code}\n${output}`))
    })
  })
}

/** To be called at the end of a step: prints what `measure` reads. */
export function report(seconds: number, detail: string): void {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage()
  const measurement: Measurement = {
    seconds,
    peakMiB: maxRSS / 1024,
    cpuSeconds: (userCPUTime + systemCPUTime) / 1e6,
    detail,
  }
  process.stdout.write(`${JSON.stringify(measurement)}\n`)
}
