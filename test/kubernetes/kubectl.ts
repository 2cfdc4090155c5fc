import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** Runs kubectl and returns what it prints; an error has what it says. `input` goes to its standard input. */
export type Kubectl = (args: readonly string[], input?: string) => Promise<string>

export function kubectlWith(program: string, kubeconfig: string, namespace = 'default'): Kubectl {
  const settings = ['--kubeconfig', kubeconfig, '--namespace', namespace]
  return async (args, input = '') => {
    const running = promisify(execFile)(program, [...settings, ...args], { maxBuffer: 64 << 20 })
    running.child.stdin?.on('error', () => undefined)
    running.child.stdin?.end(input)
    const { stdout } = await running
    return stdout
  }
}
