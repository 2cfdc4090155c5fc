import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { freePorts } from '../kubernetes/control-plane.ts'
import { eventually } from '../kubernetes/eventually.ts'

const SOURCES = path.join(import.meta.dirname, '../../src/cli/main.ts')

export interface OperatorSettings {
  kubeconfig: string
  /** Namespace of the operator, of its Lease and installation. */
  namespace: string
  /** Default: `operator`. */
  podName?: string
  /** Namespaces that it looks after. Default: its own. */
  watch?: readonly string[] | 'all'
  /** More flags. */
  flags?: readonly string[]
  env?: Readonly<Record<string, string>>
  /** The program, and flags of Node. Default: the sources, with the flags of the image. */
  main?: string
  nodeFlags?: readonly string[]
}

/** A line of the log: `msg` and what else it says. */
export type LogLine = { msg: string; time: string } & Record<string, unknown>

/** `engageops operator` as a process of its own. */
export class RunningOperator implements AsyncDisposable {
  readonly lines: LogLine[] = []
  readonly #child: ChildProcess
  readonly #metricsPort: number
  readonly #healthPort: number
  readonly #ended: Promise<number | null>

  private constructor(child: ChildProcess, metricsPort: number, healthPort: number) {
    this.#child = child
    this.#metricsPort = metricsPort
    this.#healthPort = healthPort
    this.#ended = once(child, 'close').then(([code]) => code)
    if (child.stdout) createInterface(child.stdout).on('line', (line) => this.lines.push(JSON.parse(line)))
  }

  static async start(settings: OperatorSettings) {
    const { kubeconfig, namespace, podName = 'operator', watch = [namespace], flags: more = [], env } = settings
    const { main = SOURCES, nodeFlags = ['--max-semi-space-size=16'] } = settings
    const [metrics = 0, health = 0] = await freePorts(2)
    const scope = watch === 'all' ? [] : ['--watch-namespaces', watch.join(',')]
    const flags = ['--sync-image', 'example.com/engageops:test', '--log-level', 'debug', ...scope, ...more]
    const ports = ['--metrics-port', `${metrics}`, '--health-port', `${health}`]
    const child = spawn(process.execPath, [...nodeFlags, main, 'operator', ...flags, ...ports], {
      env: { ...process.env, KUBECONFIG: kubeconfig, POD_NAME: podName, POD_NAMESPACE: namespace, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await once(child, 'spawn')
    return new RunningOperator(child, metrics, health)
  }

  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** Its exit code; null after a signal. */
  get ended(): Promise<number | null> {
    return this.#ended
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  send(signal: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM'): void {
    this.#child.kill(signal)
  }

  /** Waits for a line of its log. */
  async says(msg: string, seconds = 60): Promise<LogLine> {
    return await eventually(
      `"${msg}" in the log`,
      seconds,
      async () => this.lines.find((line) => line.msg === msg),
      () => this.#assertRunning(),
    )
  }

  /** Waits until it leads and every key that was queued has been worked on. */
  async isIdle(seconds = 60): Promise<void> {
    await this.says('leading', seconds)
    await eventually('an idle queue', seconds, async () => {
      const metrics = await this.metrics()
      const busy = sum(metrics, 'workqueue_depth') + sum(metrics, 'workqueue_unfinished_work_seconds')
      return busy === 0 && sum(metrics, 'workqueue_work_duration_seconds_count') > 0
    })
  }

  /** Values by name and labels, as the metrics endpoint has them. */
  async metrics(): Promise<Map<string, number>> {
    const response = await fetch(`http://127.0.0.1:${this.#metricsPort}/metrics`)
    const lines = (await response.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
    return new Map(
      lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
    )
  }

  /** Writes to the API server so far, renewals of the Lease among them. */
  async writes(): Promise<number> {
    const metrics = await this.metrics()
    return ['POST', 'PUT', 'PATCH', 'DELETE'].reduce(
      (writes, method) => writes + sum(metrics, 'rest_client_requests_total', `method="${method}"`),
      0,
    )
  }

  /** The status of `/livez` or `/readyz`. */
  async health(check: 'livez' | 'readyz'): Promise<number> {
    return (await fetch(`http://127.0.0.1:${this.#healthPort}/${check}`)).status
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.isRunning) return
    this.send('SIGCONT')
    this.send('SIGTERM')
    const timer = setTimeout(() => this.send('SIGKILL'), 10_000)
    await this.#ended
    clearTimeout(timer)
  }

  #assertRunning(): void {
    if (this.isRunning) return
    throw new Error(
      `the operator has ended:\n${this.lines
        .slice(-20)
        .map((line) => JSON.stringify(line))
        .join('\n')}`,
    )
  }
}

/** Sums the samples of a metric, with these labels among theirs. */
export function sum(metrics: ReadonlyMap<string, number>, name: string, label = ''): number {
  let total = 0
  for (const [key, value] of metrics) {
    if ((key === name || key.startsWith(`${name}{`)) && key.includes(label)) total += value
  }
  return total
}
