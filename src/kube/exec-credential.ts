import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

/** A program that gives credentials, as `users[].user.exec` of a kubeconfig names it. */
export interface ExecPlugin {
  apiVersion: string
  command: string
  args: string[]
  env: Record<string, string>
}

export interface ExecCredential {
  token?: string
  cert?: string
  key?: string
  /** Milliseconds since 1970. Absent: until the API server refuses it. */
  expires?: number
}

const run = promisify(execFile)
const TIMEOUT_MS = 60_000

/** Runs the program once. Throws with what it wrote to stderr. */
export async function execCredential(plugin: ExecPlugin, server: string): Promise<ExecCredential> {
  const info = {
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive: false, cluster: { server } },
  }
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) }
  const { stdout } = await run(plugin.command, plugin.args, { env, timeout: TIMEOUT_MS })
  const { token, clientCertificateData, clientKeyData, expirationTimestamp } = statusOf(stdout, plugin.command)
  return {
    ...(token === undefined ? {} : { token }),
    ...(clientCertificateData === undefined ? {} : { cert: clientCertificateData }),
    ...(clientKeyData === undefined ? {} : { key: clientKeyData }),
    ...(expirationTimestamp === undefined ? {} : { expires: Date.parse(expirationTimestamp) }),
  }
}

function statusOf(stdout: string, command: string): Partial<Record<string, string>> {
  try {
    return JSON.parse(stdout).status ?? {}
  } catch {
    // Its text may hold a token: it is not part of the message.
    throw new Error(`${command} did not print an ExecCredential as JSON`)
  }
}

/** The plugin that a kubeconfig describes, or undefined when it names none. */
export function execPlugin(exec: unknown): ExecPlugin | undefined {
  if (typeof exec !== 'object' || exec === null || !('command' in exec)) return undefined
  const { command, args, env, apiVersion }: Partial<Record<string, unknown>> = exec
  return {
    apiVersion: String(apiVersion ?? 'client.authentication.k8s.io/v1'),
    command: String(command),
    args: Array.isArray(args) ? args.map(String) : [],
    env: Object.fromEntries(Array.isArray(env) ? env.map(({ name, value }) => [name, String(value)]) : []),
  }
}
