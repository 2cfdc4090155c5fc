// Renders the chart with helm: that of the user, or the one that test/tools pins.
import { execFile } from 'node:child_process'
import path from 'node:path'
import { promisify } from 'node:util'
import { goTool } from './go-tool.ts'

const run = promisify(execFile)

export const CHART = path.join(import.meta.dirname, '../charts/engageops')

/** Runs helm; throws with its message where it fails. */
export async function helm(...args: string[]): Promise<string> {
  const { stdout } = await run(await helmBinary(), args, { maxBuffer: 64 << 20 })
  return stdout
}

/** The chart as `helm template` renders it; further arguments are helm's. A helm that is built here takes itself for an old Kubernetes. */
export const renderChart = (release: string, namespace: string, ...args: string[]): Promise<string> =>
  helm('template', release, CHART, `--namespace=${namespace}`, '--kube-version=1.31.0', ...args)

async function helmBinary(): Promise<string> {
  return process.env.HELM ?? (await goTool('helm'))
}
